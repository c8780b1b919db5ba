using Recsys.Engine;
using Recsys.Engine.Data;
using Recsys.Engine.Serving;
using Recsys.Grains.Events;

namespace Recsys.Grains.Serving;

/// <summary>
/// A cluster through the same faces as recommendations in one process: from a client, or from within a silo. Safe for any
/// number of concurrent callers.
/// </summary>
/// <param name="grains">The cluster.</param>
public sealed class ClusterRecommender(IGrainFactory grains) : IRecommender, IOnboarding, IUserForget, IItemWriter, IModelVersions
{
    // Stateless workers answer in the silo that a client's key leads to: several keys, several silos.
    private const int QueryKeys = 64;

    private int _query;

    private IServingDirectoryGrain Directory => grains.Known<IServingDirectoryGrain>(0);

    private IQueryGrain Queries => grains.Known<IQueryGrain>(Interlocked.Increment(ref _query) & (QueryKeys - 1));

    /// <inheritdoc/>
    public async ValueTask<RecommendationList> RecommendAsync(RecommendationQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        if (query.User is not null && query.History is not null)
        {
            throw new InvalidOptionException("expected either a user or a history, found both");
        }

        return IsKey(query.User)
            ? await grains.Known<IUserGrain>(query.User).RecommendAsync(query with { User = null }, cancellationToken).ConfigureAwait(false)
            : await Queries.RecommendAsync(query with { User = null }, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<RecommendationList> SimilarAsync(SimilarQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        return IsKey(query.Item)
            ? await grains.Known<IItemGrain>(query.Item).SimilarAsync(query, cancellationToken).ConfigureAwait(false)
            : throw new UnknownIdException("item", query.Item);
    }

    /// <inheritdoc/>
    public async ValueTask<OnboardingStep> NextAsync(OnboardingQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        query.Check();
        return await Queries.NextAsync(query, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<UserRecord?> GetUserAsync(string user, CancellationToken cancellationToken = default)
    {
        if (!IsKey(user))
        {
            return null;
        }

        var history = await grains.Known<IUserGrain>(user).HistoryAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        return history.Items.Count == 0 ? null : new UserRecord(user, history.Items);
    }

    /// <inheritdoc/>
    public async ValueTask<ItemRecord?> GetItemAsync(string item, CancellationToken cancellationToken = default) =>
        IsKey(item) ? await grains.Known<IItemGrain>(item).GetAsync().WaitAsync(cancellationToken).ConfigureAwait(false) : null;

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<SearchHit>> SearchAsync(
        SearchKind kind, string text, int limit, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (limit < 1)
        {
            throw new InvalidOptionException($"n: expected 1 or more, found {limit}");
        }

        if (kind == SearchKind.Item)
        {
            return await Queries.SearchItemsAsync(text, limit).WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        var settings = await SettingsAsync(cancellationToken).ConfigureAwait(false);
        var found = await Task.WhenAll(Partitions(settings).Select(p => p.SearchAsync(text, limit))).WaitAsync(cancellationToken).ConfigureAwait(false);
        return
        [
            .. found.SelectMany(f => f)
                .OrderByDescending(h => h.Id == text)
                .ThenByDescending(h => h.Id.StartsWith(text, StringComparison.Ordinal))
                .ThenBy(h => h.Id, StringComparer.Ordinal)
                .Take(limit),
        ];
    }

    /// <inheritdoc/>
    public async ValueTask<RecommenderStatus> GetStatusAsync(CancellationToken cancellationToken = default)
    {
        var settings = await SettingsAsync(cancellationToken).ConfigureAwait(false);
        var silo = await Queries.StatusAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        var events = await Task.WhenAll(Partitions(settings).Select(p => p.StatusAsync())).WaitAsync(cancellationToken).ConfigureAwait(false);
        var items = await Task.WhenAll(Enumerable.Range(0, settings.ItemPartitions)
            .Select(p => grains.Known<IItemPartitionGrain>(p).PopularAsync(0, new PopularFilter([], [], null)))).WaitAsync(cancellationToken).ConfigureAwait(false);
        return new RecommenderStatus(
            silo.Default ?? ModelRecommender.FallbackModel,
            silo.Default is null ? PopularFallback.LiveVersion : silo.Active[silo.Default],
            events.Sum(e => e.Users),
            Math.Max(silo.Items, items.Sum(i => i.Known)),
            events.Sum(e => e.Pairs))
        {
            Kind = silo.Default is null || silo.Active[silo.Default] == LiveRecommender.LiveVersion ? ModelKind.Live : ModelKind.Standing,
        };
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<CategoryCount>> GetCategoriesAsync(CancellationToken cancellationToken = default) =>
        await Queries.CategoriesAsync().WaitAsync(cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<bool> ForgetAsync(string user, CancellationToken cancellationToken = default)
    {
        if (string.IsNullOrEmpty(user))
        {
            throw new InvalidOptionException("forget: the user's id is empty");
        }

        return IsKey(user) && await grains.Known<IUserGrain>(user).ForgetAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask UpsertAsync(IReadOnlyList<ItemUpdate> items, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(items);
        foreach (var some in items.Chunk(EventLimits.MostEvents))
        {
            await Directory.UpsertAsync(some).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<bool> DeleteAsync(string item, CancellationToken cancellationToken = default) =>
        await Directory.DeleteAsync(item).WaitAsync(cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<ModelVersion>> ListAsync(CancellationToken cancellationToken = default) =>
        await Directory.ListAsync().WaitAsync(cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<ModelVersion> ActivateAsync(
        string model, string? version, bool makeDefault, CancellationToken cancellationToken = default) =>
        await Directory.ActivateAsync(model, version, makeDefault).WaitAsync(cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<ModelVersion> RollBackAsync(string model, CancellationToken cancellationToken = default) =>
        await Directory.RollBackAsync(model).WaitAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>Where the events are accepted.</summary>
    /// <param name="cancellationToken">Stops waiting for the cluster.</param>
    public async ValueTask<ClusterIngest> GetIngestAsync(CancellationToken cancellationToken = default) =>
        new(grains, await SettingsAsync(cancellationToken).ConfigureAwait(false));

    /// <summary>Whether an id can be a grain's key.</summary>
    private static bool IsKey([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] string? id) => !string.IsNullOrWhiteSpace(id);

    private Task<ServingSettings> SettingsAsync(CancellationToken cancellationToken) => Directory.SettingsAsync().WaitAsync(cancellationToken);

    private IEnumerable<IEventPartitionGrain> Partitions(ServingSettings settings) =>
        Enumerable.Range(0, settings.EventPartitions).Select(p => grains.Known<IEventPartitionGrain>(p));
}
