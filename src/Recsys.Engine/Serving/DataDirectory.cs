using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Online;
using Recsys.Engine.Online.Cold;

namespace Recsys.Engine.Serving;

/// <summary>
/// A directory in which a service keeps everything it learns: events and live models (<c>online/</c>), items
/// (<c>items.jsonl</c>), trained models (<c>models/</c>). What was acknowledged is there after a restart.
/// </summary>
public sealed class DataDirectory : IHistories, IAsyncDisposable
{
    private DataDirectory(OnlineEngine engine, ItemFile items, ModelLibrary library)
    {
        Engine = engine;
        ItemFile = items;
        Library = library;
        ColdItems = new ColdItemFitter(engine.State, items.Items);
        Recommender = new LiveRecommender(engine, library, items.Items, ColdItems);
        Training = new TrainingJobs(library, TrainingData);
    }

    /// <summary>Accepts events, forgets users, keeps the live models.</summary>
    public OnlineEngine Engine { get; }

    /// <summary>Keeps what is known of items.</summary>
    public ItemFile ItemFile { get; }

    /// <summary>ALS factors of items that were described and have none of their own.</summary>
    internal ColdItemFitter ColdItems { get; }

    /// <summary>Trained versions of models.</summary>
    public ModelLibrary Library { get; }

    /// <summary>Recommendations from live and trained models.</summary>
    public LiveRecommender Recommender { get; }

    /// <summary>Trains on the histories as they stand.</summary>
    public TrainingJobs Training { get; }

    /// <summary>Opens the directory, or makes it.</summary>
    /// <param name="directory">Where it is.</param>
    /// <param name="start">
    /// Models that a new directory begins with, of the same users and items: their histories, and EASE, ALS and logistic
    /// MF as live models. None: nothing is known, and EASE is kept. The directory takes them over and disposes them, also
    /// where opening fails.
    /// </param>
    /// <param name="options">How it begins and answers; null for the defaults.</param>
    /// <param name="cancellationToken">Stops opening.</param>
    /// <exception cref="RecsysException">It is in use or damaged, or holds to another way for EASE to follow events.</exception>
    public static async Task<DataDirectory> OpenAsync(
        string directory, IReadOnlyList<IRecommenderModel> start, DataDirectoryOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(start);
        var models = new List<IRecommenderModel>(start);
        try
        {
            return await OpenAsync(directory, models, options ?? DataDirectoryOptions.Default, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            models.ForEach(m => m.Dispose());
        }
    }

    /// <summary>Whether a directory holds data already, and so has its own models.</summary>
    public static bool Exists(string directory) => OnlineSetup.Read(directory) is not null;

    /// <inheritdoc/>
    public ValueTask<Dataset> GetHistoriesAsync(CancellationToken cancellationToken = default) => new(Engine.State.Read(s => new Dataset(
        s.UserIds.Clone(), s.ItemIds.Clone(), s.Histories.ToMatrix(s.UserIds.Count, s.ItemIds.Count))
    { Name = $"events up to {s.Position}" }));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Training.DisposeAsync().ConfigureAwait(false);
        await ColdItems.DisposeAsync().ConfigureAwait(false);
        await Engine.DisposeAsync().ConfigureAwait(false);
        Library.Dispose();
        ItemFile.Dispose();
    }

    /// <summary>Takes the models that it keeps out of the list.</summary>
    private static async Task<DataDirectory> OpenAsync(
        string directory, List<IRecommenderModel> models, DataDirectoryOptions options, CancellationToken cancellationToken)
    {
        string online = Path.Combine(directory, "online");
        try
        {
            Directory.CreateDirectory(online);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RecsysException($"{directory}: cannot be used as a data directory: {e.Message.ReplaceLineEndings(" ")}", e);
        }

        var setup = OnlineSetup.Read(directory);
        bool isNew = setup is null;
        setup ??= OnlineSetup.Of(models, options);
        setup.Require(directory, options.Ease);
        var engine = await OnlineEngine.OpenAsync(online, setup.ToOptions(), isNew ? setup.ToStart(models) : null, cancellationToken)
            .ConfigureAwait(false);
        ItemFile? items = null;
        ModelLibrary? library = null;
        try
        {
            items = ItemFile.Open(Path.Combine(directory, "items.jsonl"));
            library = ModelLibrary.Open(Path.Combine(directory, "models"), firstIsDefault: false, options.Serving, cancellationToken);
            if (isNew)
            {
                if (setup.EaseStands && !library.IsActive(OnlineState.EaseModel))
                {
                    Stand(library, models, cancellationToken);
                }

                setup.Write(directory);
            }

            return new DataDirectory(engine, items, library);
        }
        catch
        {
            library?.Dispose();
            items?.Dispose();
            await engine.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Stores EASE among the trained models once, and lets it answer: it is not in memory twice, nor in any snapshot.</summary>
    private static void Stand(ModelLibrary library, List<IRecommenderModel> models, CancellationToken cancellationToken)
    {
        var ease = OnlineSetup.EaseOf(models)!;
        library.Add(OnlineState.EaseModel, ease, activate: true, metrics: null, cancellationToken);
        models.Remove(ease);
        library.SetDefault(OnlineState.EaseModel);
    }

    private Dataset TrainingData(TrainingRequest request, CancellationToken cancellationToken) => TrainingHistories.For(
        Algorithms.Get(request.Algorithm), GetHistoriesAsync(cancellationToken).AsTask().GetAwaiter().GetResult());
}
