using Recsys.Engine.Serving;

namespace Recsys.Api;

/// <summary>
/// What stands behind the endpoints. A part that is null is a thing this service cannot do: its endpoints say so with
/// status 501.
/// </summary>
/// <param name="Recommender">Recommendations, similar items, search.</param>
public sealed record ServiceParts(IRecommender Recommender)
{
    /// <summary>Questions to new users.</summary>
    public IOnboarding? Onboarding { get; init; }

    /// <summary>Where events are accepted.</summary>
    public IEventIngest? Events { get; init; }

    /// <summary>Changing what is known of items.</summary>
    public IItemWriter? Items { get; init; }

    /// <summary>Forgetting users.</summary>
    public IUserForget? Forget { get; init; }

    /// <summary>Training.</summary>
    public ITrainingJobs? Training { get; init; }

    /// <summary>Versions of models.</summary>
    public IModelVersions? Models { get; init; }

    /// <summary>All histories, for export.</summary>
    public IHistories? Histories { get; init; }

    /// <summary>What is known of items, for export.</summary>
    public ItemStore? Catalogue { get; init; }

    /// <summary>Whether requests can be answered; null for always.</summary>
    public Func<bool>? Ready { get; init; }

    /// <summary>Further counters, appended to <c>/metrics</c>: lines in Prometheus' text format.</summary>
    public Func<string>? Metrics { get; init; }
}
