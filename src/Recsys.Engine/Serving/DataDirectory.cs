using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Online;

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
        Recommender = new LiveRecommender(engine, library, items.Items);
        Training = new TrainingJobs(library, TrainingData);
    }

    /// <summary>Accepts events, forgets users, keeps the live models.</summary>
    public OnlineEngine Engine { get; }

    /// <summary>Keeps what is known of items.</summary>
    public ItemFile ItemFile { get; }

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
    /// MF as live models. None: nothing is known, and EASE is kept.
    /// </param>
    /// <param name="options">How trained models answer; null for the defaults.</param>
    /// <param name="cancellationToken">Stops opening.</param>
    /// <exception cref="RecsysException">It is in use or damaged.</exception>
    public static async Task<DataDirectory> OpenAsync(
        string directory, IReadOnlyList<IRecommenderModel> start, ServingOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(start);
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
        setup ??= OnlineSetup.Of(start);
        var engine = await OnlineEngine.OpenAsync(online, setup.ToOptions(), isNew ? OnlineSetup.ToStart(start) : null, cancellationToken)
            .ConfigureAwait(false);
        ItemFile? items = null;
        try
        {
            if (isNew)
            {
                setup.Write(directory);
            }

            items = ItemFile.Open(Path.Combine(directory, "items.jsonl"));
            var library = ModelLibrary.Open(Path.Combine(directory, "models"), firstIsDefault: false, options, cancellationToken);
            return new DataDirectory(engine, items, library);
        }
        catch
        {
            items?.Dispose();
            await engine.DisposeAsync().ConfigureAwait(false);
            throw;
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
        await Engine.DisposeAsync().ConfigureAwait(false);
        Library.Dispose();
        ItemFile.Dispose();
    }

    private Dataset TrainingData(TrainingRequest request, CancellationToken cancellationToken) => TrainingHistories.For(
        Algorithms.Get(request.Algorithm), GetHistoriesAsync(cancellationToken).AsTask().GetAwaiter().GetResult());
}
