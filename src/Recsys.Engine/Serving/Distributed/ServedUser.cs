using Recsys.Engine.Models;
using Recsys.Engine.Online.Partitioned;

namespace Recsys.Engine.Serving.Distributed;

/// <summary>
/// A user who is being served: the history as it was fetched, and its profile in the model that last answered, so that a
/// request costs a pass over the items and no more. One caller at a time.
/// </summary>
/// <param name="id">The user's id.</param>
public sealed class ServedUser(string id)
{
    private UserHistory? _history;
    private UserHistory? _profiled;
    private UserProfile? _profile;
    private PresentHistory _present;
    private string? _model;
    private string? _version;
    private bool _partitioned;

    /// <summary>The user's id.</summary>
    public string Id => id;

    /// <summary>The history, or null when it has to be fetched.</summary>
    public UserHistory? History => _history;

    /// <summary>Grows with each change of the history: what was fetched before a change is not kept.</summary>
    public int Generation { get; private set; }

    /// <summary>Notes a history that was fetched, unless it has changed since that began.</summary>
    public void Fetched(UserHistory history, int generation)
    {
        if (generation == Generation)
        {
            _history = history;
        }
    }

    /// <summary>The history has changed.</summary>
    public void Changed()
    {
        Generation++;
        _history = null;
    }

    /// <summary>
    /// The profile of a history in a model, and the query for it: what one process answers for the same events
    /// (<see cref="PresentHistory"/>). A user of whom no event was ever heard is known by the history the model was
    /// trained on, if it is among its users.
    /// </summary>
    internal (UserProfile Profile, RecommendationQuery Query) Profile(LiveModel live, UserHistory history, RecommendationQuery query)
    {
        bool partitioned = live.Model is PartitionedFront; // its profiles have no factors
        if (_profile is null || !ReferenceEquals(_profiled, history) || _version != live.Version || _model != live.Name || _partitioned != partitioned)
        {
            _present = PresentHistory.For(live.Model, history.Items);
            _profile = history.Known ? ModelRecommender.Profile(live.Model, _present.Items) : ModelRecommender.ProfileOf(live.Model, id);
            (_profiled, _model, _version, _partitioned) = (history, live.Name, live.Version, partitioned);
        }

        return (_profile, _present.Filter(query));
    }
}
