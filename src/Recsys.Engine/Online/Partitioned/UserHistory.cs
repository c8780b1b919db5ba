using Recsys.Engine.Serving;

namespace Recsys.Engine.Online.Partitioned;

/// <summary>A user's history in an event partition.</summary>
/// <param name="Known">Whether the partition has ever heard of the user; a forgotten user is known, with an empty history.</param>
/// <param name="Items">The history, latest last.</param>
public sealed record UserHistory(bool Known, IReadOnlyList<HistoryItem> Items)
{
    /// <summary>The user's factors in live logistic MF; empty where there is none.</summary>
    public ReadOnlyMemory<float> LiveFactors { get; init; }

    /// <summary>Of a user of whom nothing was ever heard.</summary>
    public static UserHistory Unknown { get; } = new(Known: false, []);
}
