namespace Recsys.Engine.Online.Partitioned;

/// <summary>What users make of an item.</summary>
/// <param name="Item">The item's id.</param>
/// <param name="Users">Users who have it with a positive weight.</param>
/// <param name="Mass">Its time-decayed popularity: only the ratio to other items' says something, scaled to <paramref name="Landmark"/>.</param>
/// <param name="Landmark">The time (Unix milliseconds) at which a click's mass is its weight.</param>
public readonly record struct ItemStatistics(string Item, int Users, double Mass, long Landmark);
