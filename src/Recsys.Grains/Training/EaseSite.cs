using Recsys.Engine.Als;
using Recsys.Engine.Ease.Distributed;

namespace Recsys.Grains.Training;

/// <summary>What the partitions of an EASE training in one silo share.</summary>
/// <param name="Host">Interactions, threads, panels.</param>
/// <param name="Partitions">How to reach all of them, by number.</param>
/// <param name="Data">What is trained on.</param>
internal sealed record EaseSite(EaseHost Host, IReadOnlyList<IEasePartition> Partitions, ClusterData Data);
