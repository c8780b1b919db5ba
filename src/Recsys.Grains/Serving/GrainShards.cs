using Recsys.Engine.Models;
using Recsys.Engine.Serving.Distributed;
using Recsys.Engine.Serving.Partitioned;

namespace Recsys.Grains.Serving;

/// <summary>The item partition grains as the shards of a model.</summary>
internal sealed class GrainShards(RecsysServingOptions options, IGrainFactory grains) : IItemShards
{
    // Loading is not waited for inside one call, which would time out: it is asked for until it is done.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly IItemPartitionGrain[] _grains = [.. Enumerable.Range(0, options.ItemPartitions).Select(p => grains.GetGrain<IItemPartitionGrain>(p))];

    public int Partitions => _grains.Length;

    public async Task PrepareAsync(int partition, string model, string version, CancellationToken cancellationToken = default)
    {
        while (!await _grains[partition].PrepareAsync(model, version).WaitAsync(cancellationToken).ConfigureAwait(false))
        {
            await Task.Delay(Pause, cancellationToken).ConfigureAwait(false);
        }
    }

    public async Task<ScoredItem[]> TopAsync(
        int partition, string model, string version, ScoringRequest request, CancellationToken cancellationToken = default) =>
        (await _grains[partition].TopAsync(model, version, request, cancellationToken).ConfigureAwait(false)).ToItems();

    public Task<float[]> FactorsAsync(int partition, string model, string version, int[] items, CancellationToken cancellationToken = default) =>
        _grains[partition].FactorsAsync(model, version, items, cancellationToken);

    public Task<float[]> CosinesAsync(int partition, string model, string version, float[] factors, CancellationToken cancellationToken = default) =>
        _grains[partition].CosinesAsync(model, version, factors, cancellationToken);

    public Task<float[]> WeightsAsync(
        int partition, string model, string version, int[]? rows, int[] columns, CancellationToken cancellationToken = default) =>
        _grains[partition].WeightsAsync(model, version, rows, columns, cancellationToken);
}
