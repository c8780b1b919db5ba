using Orleans.Runtime;
using Orleans.Runtime.Placement;
using Recsys.Grains.Placement;

namespace Recsys.Grains.Training;

/// <summary>
/// Keeps the partitions of a training spread evenly over the silos there are. Each group (a side of ALS) is spread by
/// itself, so that every silo has its share of each.
/// </summary>
internal sealed class PartitionArrangement(JobServices services, params IReadOnlyList<IPartitionGrain>[] groups)
{
    private const int MoveAttempts = 40;
    private const int MovePause = 50;

    private HashSet<SiloAddress> _silos = [];

    /// <summary>The silo of each partition, group after group, as of the last arranging.</summary>
    public IReadOnlyList<SiloAddress> Places { get; private set; } = [];

    /// <summary>Whether silos have come or gone since the last arranging.</summary>
    public bool IsOutdated => !_silos.SetEquals(services.ActiveSilos());

    /// <summary>Whether there are silos that had no part in the last arranging.</summary>
    public bool HasNewSilos => services.ActiveSilos().Any(s => !_silos.Contains(s));

    /// <summary>When silos have come or gone, deals the partitions out anew; those that move go on from what they stored.</summary>
    public async Task ArrangeAsync(CancellationToken cancellationToken)
    {
        if (IsOutdated)
        {
            var silos = services.ActiveSilos();
            var places = await Task.WhenAll(groups.Select(g => SpreadAsync(g, silos, cancellationToken))).ConfigureAwait(false);
            Places = [.. places.SelectMany(p => p)];
            _silos = [.. silos];
        }
    }

    /// <summary>Ends the partitions that can be reached.</summary>
    public async Task CloseAsync(CancellationToken cancellationToken) =>
        await Task.WhenAll(groups.SelectMany(g => g).Select(p => p.CloseAsync().WaitAsync(cancellationToken)))
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private async Task<SiloAddress[]> SpreadAsync(
        IReadOnlyList<IPartitionGrain> partitions, IReadOnlyList<SiloAddress> silos, CancellationToken cancellationToken)
    {
        // Those that are nowhere yet are brought up where they are to be.
        var wanted = PartitionSpread.Assign(new SiloAddress?[partitions.Count], silos);
        var current = await Task.WhenAll(partitions.Select((p, i) => WhereAsync(p, wanted[i], cancellationToken))).ConfigureAwait(false);
        var places = PartitionSpread.Assign(current, silos);
        await Task.WhenAll(partitions.Select((p, i) => MoveAsync(p, places[i], cancellationToken))).ConfigureAwait(false);
        return places;
    }

    private async Task MoveAsync(IPartitionGrain partition, SiloAddress place, CancellationToken cancellationToken)
    {
        // Where it does not come about (the silo leaves again), the partition works where it is.
        for (int attempt = 0; attempt < MoveAttempts && !place.Equals(await WhereAsync(partition, place, cancellationToken).ConfigureAwait(false)); attempt++)
        {
            await Transient.CallAsync(
                async () =>
                {
                    await partition.MoveAsync(place).ConfigureAwait(false);
                    return true;
                },
                services.Options.Patience,
                $"partition {partition.GetPrimaryKeyString()}",
                cancellationToken).ConfigureAwait(false);
            await Task.Delay(MovePause, cancellationToken).ConfigureAwait(false);
        }
    }

    private Task<SiloAddress?> WhereAsync(IPartitionGrain partition, SiloAddress wanted, CancellationToken cancellationToken) =>
        Transient.CallAsync(
            async () =>
            {
                RequestContext.Set(IPlacementDirector.PlacementHintKey, wanted);
                try
                {
                    return (SiloAddress?)await partition.WhereAsync().ConfigureAwait(false);
                }
                finally
                {
                    RequestContext.Remove(IPlacementDirector.PlacementHintKey);
                }
            },
            services.Options.Patience,
            $"partition {partition.GetPrimaryKeyString()}",
            cancellationToken);
}
