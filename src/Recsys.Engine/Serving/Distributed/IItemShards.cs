using Recsys.Engine.Models;
using Recsys.Engine.Serving.Partitioned;

namespace Recsys.Engine.Serving.Distributed;

/// <summary>The item partitions of a cluster, each of which scores its own items of a model: here or behind addresses.</summary>
public interface IItemShards
{
    /// <summary>How many partitions there are.</summary>
    int Partitions { get; }

    /// <summary>Loads a partition's part of a version, so that questions do not wait for it.</summary>
    Task PrepareAsync(int partition, string model, string version, CancellationToken cancellationToken = default);

    /// <summary>The best of a partition's items; see <see cref="IScoringPartition.TopAsync"/>.</summary>
    Task<ScoredItem[]> TopAsync(int partition, string model, string version, ScoringRequest request, CancellationToken cancellationToken = default);

    /// <summary>ALS: the factors of some of the partition's items, one after the other.</summary>
    Task<float[]> FactorsAsync(int partition, string model, string version, int[] items, CancellationToken cancellationToken = default);

    /// <summary>ALS: the cosine of each of the partition's items, in item order, and other factors.</summary>
    Task<float[]> CosinesAsync(int partition, string model, string version, float[] factors, CancellationToken cancellationToken = default);

    /// <summary>EASE: weights B of some items (rows; null: all) on some of the partition's items (columns), row by row.</summary>
    Task<float[]> WeightsAsync(
        int partition, string model, string version, int[]? rows, int[] columns, CancellationToken cancellationToken = default);
}
