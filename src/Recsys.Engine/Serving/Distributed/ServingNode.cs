using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Online.Partitioned;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Serving.Distributed;

/// <summary>
/// What one process of a cluster serves from: the active models and what is known of items, both following the blob store.
/// </summary>
public sealed class ServingNode : IDisposable
{
    private readonly ModelRecommender _recommender;
    private readonly PartitionedRecommender _partitioned;

    /// <summary>A node that has loaded nothing yet.</summary>
    /// <param name="blobs">Models and items.</param>
    /// <param name="folder">A folder of this process for files of models.</param>
    /// <param name="modelBytes">Most bytes of models held here.</param>
    /// <param name="shards">Where larger models are served.</param>
    /// <param name="live">The items of live logistic MF; null where there is none.</param>
    public ServingNode(IBlobStore blobs, string folder, long modelBytes, IItemShards shards, LiveItemFactors? live = null)
    {
        Shards = shards;
        Models = new ModelCache(blobs, folder, modelBytes);
        Catalogue = new Catalogue(blobs);
        _recommender = new ModelRecommender(Models, Catalogue.Items);
        _partitioned = new PartitionedRecommender(Catalogue.Items, shards);
        Live = live is null ? null : new LiveLmf(live, Catalogue.Items);
    }

    /// <summary>The models.</summary>
    public ModelCache Models { get; }

    /// <summary>The items.</summary>
    public Catalogue Catalogue { get; }

    /// <summary>Where models are served that are too large for here.</summary>
    public IItemShards Shards { get; }

    /// <summary>The live model "lmf"; null where there is none.</summary>
    public LiveLmf? Live { get; }

    /// <summary>
    /// Whether the live model answers a query for this name (null: for none): for its own while no trained version does, and for
    /// none while no trained model is the default.
    /// </summary>
    public bool AnswersLive(string? model) =>
        Live is not null
        && (model == LiveLmf.ModelName || (model is null && Models.Active.Default is null))
        && !Models.Active.Active.ContainsKey(LiveLmf.ModelName);

    /// <summary>
    /// Recommends from the live model; null where nothing is known of the user. Of whom no event was heard is known by the
    /// history the default model was trained on.
    /// </summary>
    public RecommendationList? RecommendLive(string? user, UserHistory history, RecommendationQuery query)
    {
        ArgumentNullException.ThrowIfNull(history);
        return Live!.Recommend(
            !history.Known && user is not null && TrainedHistory(user) is { } trained ? new UserHistory(Known: true, trained) : history, query);
    }

    /// <summary>
    /// Whether a model answers a query for this name (null: for none) in this process; also for a name that there is not, which
    /// is refused then. If none does, popular items are the answer.
    /// </summary>
    public bool Answers(string? model) =>
        model is null ? Models.Active.Default is not null : model != ModelRecommender.FallbackModel || Models.Active.Active.ContainsKey(model);

    /// <summary>Refuses a query that cannot be answered.</summary>
    /// <exception cref="InvalidOptionException">It cannot.</exception>
    public static void Check(RecommendationQuery query) => ModelRecommender.Check(query);

    /// <summary>Recommends for a user by a history of it.</summary>
    public Task<RecommendationList> RecommendAsync(
        ServedUser user, UserHistory history, RecommendationQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(user);
        ArgumentNullException.ThrowIfNull(history);
        ModelRecommender.Check(query);
        cancellationToken.ThrowIfCancellationRequested();
        var lease = Models.Hold(query.Model);
        try
        {
            var (profile, asked) = user.Profile(lease.Live, history, query);
            return AnswerAsync(lease, profile, asked, cancellationToken);
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    /// <summary>Recommends for the history of a query, which is taken as one of events is, or for nobody.</summary>
    public Task<RecommendationList> RecommendAsync(RecommendationQuery query, CancellationToken cancellationToken = default)
    {
        ModelRecommender.Check(query);
        cancellationToken.ThrowIfCancellationRequested();
        var lease = Models.Hold(query.Model);
        try
        {
            var asked = query.History is null ? query : PresentHistory.For(lease.Live.Model, query);
            return AnswerAsync(lease, ModelRecommender.ProfileOf(lease.Live.Model, asked), asked, cancellationToken);
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Questions to a new user, and recommendations so far: what <see cref="ModelRecommender"/> answers from the whole model.
    /// Questions about EASE and SLIM come from the histories, which are here also where the model is not; those about ALS
    /// from all its factors.
    /// </summary>
    /// <exception cref="RecsysException">There are questions wanted of an ALS that is served in partitions.</exception>
    public async Task<OnboardingStep> NextAsync(OnboardingQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        query.Check();
        cancellationToken.ThrowIfCancellationRequested();
        using var lease = Models.Hold(query.Model);
        var live = lease.Live;
        if (query.Questions > 0 && live.Model is PartitionedFront { Als: not null })
        {
            throw new RecsysException(
                $"model '{live.Name}' is served in partitions: no silo has all its factors to choose questions by; name a model that silos hold whole, or let them hold more");
        }

        // The first time it passes over all histories; the caller's thread has others to answer.
        var questions = query.Questions == 0 ? [] : await Task.Run(() => _recommender.Ask(live, query, cancellationToken), cancellationToken).ConfigureAwait(false);
        if (query.Count == 0)
        {
            return new OnboardingStep(questions, new RecommendationList(live.Name, live.Version, Fallback: false, []));
        }

        var recommend = query.Recommendations;
        var profile = ModelRecommender.ProfileOf(live.Model, recommend);
        return new OnboardingStep(questions, live.Model is PartitionedFront
            ? await _partitioned.RecommendAsync(live, profile, recommend, cancellationToken).ConfigureAwait(false)
            : _recommender.Recommend(live, profile, recommend));
    }

    /// <inheritdoc cref="IRecommender.SimilarAsync"/>
    public async Task<RecommendationList> SimilarAsync(SimilarQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        if (AnswersLive(query.Model))
        {
            return Live!.Similar(query);
        }

        if (!Models.IsPartitioned(query.Model))
        {
            return await _recommender.SimilarAsync(query, cancellationToken).ConfigureAwait(false);
        }

        using var lease = Models.Hold(query.Model);
        return lease.Live.Model is PartitionedFront && query.Count >= 1
            ? await _partitioned.SimilarAsync(lease.Live, query, cancellationToken).ConfigureAwait(false)
            : await _recommender.SimilarAsync(query, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The history of a user that the default model was trained on; null where there is none.</summary>
    public HistoryItem[]? TrainedHistory(string user)
    {
        if (Models.Active.Default is null)
        {
            return null;
        }

        var known = _recommender.GetUserAsync(user).AsTask().GetAwaiter().GetResult();
        return known is { History.Count: > 0 } ? [.. known.History] : null;
    }

    /// <summary>What a query allows of items that no model ranks: availability, categories, and lists of ids.</summary>
    public Func<string, bool> Allows(IReadOnlyCollection<string> categories, IReadOnlyCollection<string> exclude, IReadOnlyCollection<string>? allow)
    {
        var items = Catalogue.Items;
        var unavailable = items.Unavailable;
        var excluded = exclude.ToHashSet(StringComparer.Ordinal);
        var allowed = allow?.ToHashSet(StringComparer.Ordinal);
        var members = categories.Select(items.InCategory).ToArray();
        return id => !unavailable.Contains(id) && !excluded.Contains(id) && (allowed is null || allowed.Contains(id))
            && (members.Length == 0 || members.Any(m => m.Contains(id)));
    }

    /// <summary>Items whose id or name contains a text.</summary>
    public IReadOnlyList<SearchHit> SearchItems(string text, int limit)
    {
        ModelRecommender.CheckCount(limit);
        var search = new IdSearch(text, limit);
        if (Models.TryHold(null, out var lease))
        {
            using (lease)
            {
                search.Scan(lease.Live.Model.Items, Catalogue.Items, CancellationToken.None);
            }
        }
        else
        {
            search.Scan(new IdTable(), Catalogue.Items, CancellationToken.None);
        }

        return search.Best();
    }

    /// <summary>Items that the default model ranks; 0 where none is held here.</summary>
    public int RankedItems
    {
        get
        {
            if (!Models.TryHold(null, out var lease))
            {
                return Live?.Factors.Items ?? 0;
            }

            using (lease)
            {
                return lease.Live.Model.Items.Count;
            }
        }
    }

    /// <summary>What is known of an item, with the users it has by the events.</summary>
    public ItemRecord? Describe(string item, ItemStatistics? statistics)
    {
        var known = Catalogue.Items.Find(item);
        return (known is null && statistics is null) || Catalogue.Items.IsDeleted(item)
            ? null
            : new ItemRecord(item, known?.Name, known?.Categories ?? [], known?.Available ?? true, statistics?.Users ?? 0);
    }

    /// <summary>Answers from the model that is held, and lets go of it; where this throws at once, the caller does.</summary>
    private Task<RecommendationList> AnswerAsync(
        LiveModelLease lease, UserProfile profile, RecommendationQuery query, CancellationToken cancellationToken)
    {
        if (lease.Live.Model is PartitionedFront)
        {
            return AskAsync(lease, profile, query, cancellationToken);
        }

        var list = _recommender.Recommend(lease.Live, profile, query);
        lease.Dispose();
        return Task.FromResult(list);
    }

    private async Task<RecommendationList> AskAsync(
        LiveModelLease lease, UserProfile profile, RecommendationQuery query, CancellationToken cancellationToken)
    {
        using (lease)
        {
            return await _partitioned.RecommendAsync(lease.Live, profile, query, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Models.Dispose();
        Live?.Factors.Dispose();
        Catalogue.Dispose();
    }
}
