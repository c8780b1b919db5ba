using Orleans.Runtime;
using Recsys.Grains.Events;
using Recsys.Grains.Placement;

namespace Recsys.Grains.Serving;

/// <summary>
/// Gives silos that have come their share of the partitions: as few as possible move, each at a moment when it has nothing to
/// do. (Those of silos that went are placed anew by whoever calls them next.)
/// </summary>
internal sealed class PartitionBalancer(IGrainFactory grains, RecsysServingOptions options)
{
    private SiloAddress[] _seen = [];
    private SiloAddress[] _balanced = [];

    /// <summary>Moves what has to move, once the same silos have been there for two calls.</summary>
    public async Task BalanceAsync(SiloAddress[] silos)
    {
        bool settled = silos.SequenceEqual(_seen);
        _seen = silos;
        if (!settled || silos.Length == 0 || silos.SequenceEqual(_balanced))
        {
            return;
        }

        var events = Enumerable.Range(0, options.EventPartitions).Select(p => grains.GetGrain<IEventPartitionGrain>(p)).ToArray();
        var items = Enumerable.Range(0, options.ItemPartitions).Select(p => grains.GetGrain<IItemPartitionGrain>(p)).ToArray();
        await MoveAsync(await Task.WhenAll(events.Select(p => p.WhereAsync())), silos, (p, silo) => events[p].MoveAsync(silo));
        await MoveAsync(await Task.WhenAll(items.Select(p => p.WhereAsync())), silos, (p, silo) => items[p].MoveAsync(silo));
        _balanced = silos;
    }

    private static async Task MoveAsync(SiloAddress[] places, SiloAddress[] silos, Func<int, SiloAddress, Task> move)
    {
        var assigned = PartitionSpread.Assign(places, silos);
        for (int p = 0; p < places.Length; p++)
        {
            if (!assigned[p].Equals(places[p]))
            {
                await move(p, assigned[p]);
            }
        }
    }
}
