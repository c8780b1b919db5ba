using Recsys.Engine.Ease;
using Recsys.Engine.Logistic;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Online;

/// <summary>What an <see cref="OnlineEngine"/> keeps, and when it does what.</summary>
public sealed record OnlineOptions
{
    /// <summary>The kinds of events and their weights.</summary>
    public IReadOnlyList<EventRule> Events { get; init; } =
    [
        new("view", EventKind.View, 0.25f),
        new("click", EventKind.Click, 1),
        new("purchase", EventKind.Purchase, 3),
        new("like", EventKind.Like, 3),
        new("dislike", EventKind.Dislike, -1),
        new("remove", EventKind.Remove, 0),
    ];

    /// <summary>Logistic MF that learns every event; null for none. Where the start has a model, factors and seed are its.</summary>
    public LmfOptions? Lmf { get; init; }

    /// <summary>EASE that is kept exact; null for none. An item of positive weight counts as 1.</summary>
    public StreamingEaseOptions? Ease { get; init; }

    /// <summary>EASE takes a step when this many users' rows have changed, …</summary>
    public int EaseStepUsers { get; init; } = 64;

    /// <summary>… and when the oldest change waits this long.</summary>
    public TimeSpan EaseStepDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>EASE's drift is measured, and repaired if need be, every so many steps; 0 for never.</summary>
    public int EaseDriftSteps { get; init; } = 2000;

    /// <summary>Users from which a new item gets ALS factors; they are renewed at each doubling, up to 128 times as many.</summary>
    public int ItemFoldInUsers { get; init; } = 5;

    /// <summary>Whether users are folded in as soon as their history changes, on a thread of its own; otherwise when asked for.</summary>
    public bool EagerFoldIn { get; init; }

    /// <summary>The time in which a click's share in the popularity halves.</summary>
    public TimeSpan PopularityHalfLife { get; init; } = TimeSpan.FromDays(14);

    /// <summary>A snapshot is taken every so many events; 0 for only when asked for.</summary>
    public long SnapshotEvents { get; init; } = 1_000_000;

    /// <summary>Snapshots kept.</summary>
    public int SnapshotsKept { get; init; } = 2;

    /// <summary>Bounds of the event log.</summary>
    public EventLogOptions Log { get; init; } = EventLogOptions.Default;

    /// <summary>The model that answers when none is named; null for the first there is of ease, als, lmf, popularity.</summary>
    public string? DefaultModel { get; init; }

    /// <summary>Whether logistic MF shares its items with other engines; its randomness goes by ids then.</summary>
    internal bool SharesItems { get; init; }

    /// <summary>Called before every so many events that an engine finds in its journal when it is opened.</summary>
    internal Func<OnlineState, CancellationToken, Task>? Replaying { get; init; }

    /// <summary>Refuses what cannot be served.</summary>
    /// <exception cref="InvalidOptionException">An option is out of its range.</exception>
    public void Validate()
    {
        Lmf?.Validate();
        Ease?.Validate();
        Require(Events.Count > 0, "there are no kinds of events");
        Require(Events.DistinctBy(e => e.Name).Count() == Events.Count, "two kinds of events have the same name");
        Require(Events.DistinctBy(e => e.Kind).Count() == Events.Count, "two kinds of events have the same code");
        foreach (var rule in Events)
        {
            Require(rule.Name.Length > 0 && float.IsFinite(rule.Weight), $"the kind of events '{rule.Name}' has the weight {rule.Weight}");
            Require(rule.Kind is not (EventKind.None or EventKind.Forget), $"the kind of events '{rule.Name}' has a code that is reserved");
        }

        Require(EaseStepUsers >= 1, $"ease step users is {EaseStepUsers}, must be 1 or more");
        Require(EaseStepDelay > TimeSpan.Zero, $"ease step delay is {EaseStepDelay}, must be above 0");
        Require(EaseDriftSteps >= 0, $"ease drift steps is {EaseDriftSteps}, must be 0 or more");
        Require(ItemFoldInUsers >= 1, $"item fold-in users is {ItemFoldInUsers}, must be 1 or more");
        Require(PopularityHalfLife > TimeSpan.Zero, $"popularity half-life is {PopularityHalfLife}, must be above 0");
        Require(SnapshotEvents >= 0, $"snapshot events is {SnapshotEvents}, must be 0 or more");
        Require(SnapshotsKept >= 1, $"snapshots kept is {SnapshotsKept}, must be 1 or more");
        Require(DefaultModel is null or "ease" or "als" or "lmf" or "popularity", $"default model '{DefaultModel}'; expected ease, als, lmf or popularity");
    }

    private static void Require(bool holds, string message)
    {
        if (!holds)
        {
            throw new InvalidOptionException("online: " + message);
        }
    }
}
