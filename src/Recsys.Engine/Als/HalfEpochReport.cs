namespace Recsys.Engine.Als;

/// <summary>What a partition tells of a finished half-epoch, by virtual block so that sums do not depend on partitions.</summary>
/// <param name="FirstBlock">The block of the first entry.</param>
/// <param name="DataLoss">Of each block, Σ over observed pairs of e·s² − 2·t·s + t (s the score p·q); 0 where not asked for.</param>
/// <param name="Penalty">Of each block, Σ of λ w‖x‖² over its rows.</param>
/// <param name="Grams">As <see cref="IFactorPartition.GramAsync"/> gives them; null: not asked for, or to be asked for there.</param>
public sealed record HalfEpochReport(int FirstBlock, double[] DataLoss, double[] Penalty, IReadOnlyList<GramPart>? Grams = null);
