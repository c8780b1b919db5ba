namespace Recsys.Engine.Ease.Distributed;

/// <summary>How a distributed training went.</summary>
/// <param name="Attempt">The attempt that ended well: the partitions hold B under this number.</param>
/// <param name="Seconds">Time from the call to the end.</param>
/// <param name="Costs">What the partitions moved and spent in that attempt, in sum.</param>
public sealed record EaseOutcome(int Attempt, double Seconds, EaseCosts Costs);
