using System.Text.Json.Nodes;
using Recsys.Engine.Data;
using Recsys.Engine.Online;
using Recsys.Engine.Online.Cold;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Serving;

/// <summary>
/// Live models, which learn from every event, and trained versions beside them. A trained version answers for its name
/// while it is active, with each user's history as it stands now (folded in), so that neither new users nor new clicks
/// wait for the next training. Version "live" of a name is the live model. EASE that is too large to be kept exact has
/// none: the version it began with stands, until another is trained.
/// </summary>
public sealed class LiveRecommender : IRecommender, IModelVersions, IOnboarding
{
    /// <summary>The version of live models.</summary>
    public const string LiveVersion = "live";

    private readonly OnlineEngine _engine;
    private readonly ModelLibrary _library;
    private readonly ItemStore _items;
    private readonly OnlineRecommender _live;
    private readonly ModelRecommender _trained;

    internal LiveRecommender(OnlineEngine engine, ModelLibrary library, ItemStore items, ColdItemFitter? cold = null)
    {
        _engine = engine;
        _library = library;
        _items = items;
        _live = new OnlineRecommender(engine.State, items, cold);
        _trained = new ModelRecommender(library, items);
    }

    private IReadOnlyList<string> LiveModels => _engine.State.Models;

    /// <inheritdoc/>
    public async ValueTask<RecommendationList> RecommendAsync(RecommendationQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        if (Trained(query.Model) is not { } model)
        {
            return await _live.RecommendAsync(query with { Model = Known(query.Model) }, cancellationToken).ConfigureAwait(false);
        }

        ModelRecommender.Check(query);
        var history = query.User is null
            ? query.History
            : (await _live.GetUserAsync(query.User, cancellationToken).ConfigureAwait(false))?.History;
        if (history is not { Count: > 0 })
        {
            return await PopularAsync(query, cancellationToken).ConfigureAwait(false);
        }

        using var lease = _library.Hold(model);
        var present = PresentHistory.For(lease.Live.Model, query with { Model = model, User = null, History = history });
        return present.History!.Count > 0
            ? _trained.Recommend(lease.Live, ModelRecommender.ProfileOf(lease.Live.Model, present), present)
            : await PopularAsync(present, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<RecommendationList> SimilarAsync(SimilarQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        if (Trained(query.Model) is not { } model)
        {
            return _live.SimilarAsync(query with { Model = Known(query.Model) }, cancellationToken);
        }

        // An item that came after the training is like nothing yet, and known all the same.
        using var lease = _library.Hold(model);
        return !lease.Live.Model.Items.TryGetIndex(query.Item, out _) && _engine.State.Read(s => s.ItemIds.TryGetIndex(query.Item, out _))
            ? new(new RecommendationList(lease.Live.Name, lease.Live.Version, Fallback: false, []))
            : _trained.SimilarAsync(query with { Model = model }, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<OnboardingStep> NextAsync(OnboardingQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        return Trained(query.Model) is { } model
            ? _trained.NextAsync(query with { Model = model }, cancellationToken)
            : _live.NextAsync(query with { Model = Known(query.Model) }, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<UserRecord?> GetUserAsync(string user, CancellationToken cancellationToken = default) =>
        _live.GetUserAsync(user, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<ItemRecord?> GetItemAsync(string item, CancellationToken cancellationToken = default) =>
        _live.GetItemAsync(item, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<SearchHit>> SearchAsync(
        SearchKind kind, string text, int limit, CancellationToken cancellationToken = default) =>
        _live.SearchAsync(kind, text, limit, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<RecommenderStatus> GetStatusAsync(CancellationToken cancellationToken = default)
    {
        var status = await _live.GetStatusAsync(cancellationToken).ConfigureAwait(false);
        if (Trained(null) is { } model && (await _library.ListAsync(cancellationToken).ConfigureAwait(false)).FirstOrDefault(v => v.Active && v.Model == model) is { } version)
        {
            return status with { Model = version.Model, Version = version.Version, Kind = ModelKind.Standing };
        }

        return status;
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<CategoryCount>> GetCategoriesAsync(CancellationToken cancellationToken = default) => new(_items.Categories);

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<ModelVersion>> ListAsync(CancellationToken cancellationToken = default)
    {
        var trained = await _library.ListAsync(cancellationToken).ConfigureAwait(false);
        return
        [
            .. trained.Select(Standing).Concat(LiveModels.Select(name => Describe(name, trained)))
                .OrderBy(v => v.Model, StringComparer.Ordinal)
                .ThenByDescending(v => v.Version == LiveVersion),
        ];
    }

    /// <inheritdoc/>
    public async ValueTask<ModelVersion> ActivateAsync(
        string model, string? version, bool makeDefault, CancellationToken cancellationToken = default)
    {
        bool live = version == LiveVersion || (version is null && Trained(model) is null);
        if (!live)
        {
            return Standing(await _library.ActivateAsync(model, version, makeDefault, cancellationToken).ConfigureAwait(false));
        }

        if (!LiveModels.Contains(model))
        {
            throw new UnknownIdException("live model", model);
        }

        _library.Deactivate(model);
        if (makeDefault)
        {
            _library.SetDefault(model);
        }

        return Describe(model, await _library.ListAsync(cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Activates the version that was active before, or the live model where there was none.</summary>
    public async ValueTask<ModelVersion> RollBackAsync(string model, CancellationToken cancellationToken = default)
    {
        if (Trained(model) is null)
        {
            throw LiveModels.Contains(model)
                ? new InvalidOptionException($"model '{model}' is live: it has no earlier version to return to")
                : new UnknownIdException("model", model);
        }

        return LiveModels.Contains(model) && !_library.CanRollBack(model)
            ? await ActivateAsync(model, LiveVersion, makeDefault: false, cancellationToken).ConfigureAwait(false)
            : Standing(await _library.RollBackAsync(model, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Trained versions answer for present histories here.</summary>
    private static ModelVersion Standing(ModelVersion trained) => trained with { Kind = ModelKind.Standing };

    /// <summary>The trained model that answers for a name (null: for none), or null where a live one does.</summary>
    private string? Trained(string? name)
    {
        name ??= _library.Default;
        return name is not null && _library.IsActive(name) ? name : null;
    }

    /// <summary>The live model's name; the default one where none is named.</summary>
    private string? Known(string? name) => name ?? (_library.Default is { } chosen && LiveModels.Contains(chosen) ? chosen : null);

    private async ValueTask<RecommendationList> PopularAsync(RecommendationQuery query, CancellationToken cancellationToken)
    {
        var list = await _live.RecommendAsync(query with { Model = OnlineState.PopularityModel }, cancellationToken).ConfigureAwait(false);
        return list with { Fallback = true };
    }

    private ModelVersion Describe(string name, IReadOnlyList<ModelVersion> trained)
    {
        bool active = !trained.Any(v => v.Active && v.Model == name);
        string byDefault = _library.Default ?? LiveModels[0];
        var (users, items, pairs, position) = _engine.State.Read(s => (s.UserIds.Count, s.ItemIds.Count, s.Histories.Pairs, s.Position));
        var facts = new ModelFacts(name, new JsonObject { ["live"] = true }, []) { Dataset = $"events up to {position}" };
        return new ModelVersion(name, LiveVersion, active, active && name == byDefault, Stored: true, users, items, pairs, facts) { Kind = ModelKind.Live };
    }
}
