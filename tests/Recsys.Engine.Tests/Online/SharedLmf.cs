using Recsys.Engine.Als;
using Recsys.Engine.Data;
using Recsys.Engine.Logistic;
using Recsys.Engine.Online;
using Recsys.Engine.Online.Partitioned;

namespace Recsys.Engine.Tests.Online;

/// <summary>
/// Live logistic MF over several event and item partitions, without journals: events are learned one by one, and partitions exchange
/// when they are told to.
/// </summary>
internal sealed class SharedLmf : IDisposable
{
    private readonly ItemFactors[] _items;

    public SharedLmf(int partitions, int itemPartitions, EventPartitionOptions options)
    {
        _items = [.. Enumerable.Range(0, itemPartitions).Select(_ => new ItemFactors(partitions))];
        States = [.. Enumerable.Range(0, partitions).Select(_ => OnlineState.Create(OnlineStart.Empty, options.ToOnline()))];
        Feeds = [.. States.Select((s, p) => new ItemFactorFeed(s, p, _items, options))];
        Replica = new LiveItemFactors(options, _items);
    }

    public OnlineState[] States { get; }

    public ItemFactorFeed[] Feeds { get; }

    public LiveItemFactors Replica { get; }

    public OnlineState Of(string user) => States[VirtualBlocks.PartitionOf(user, States.Length)];

    public void Learn(string user, string item, float weight, long time)
    {
        var state = Of(user);
        state.Apply(state.UserIds.GetOrAdd(user), state.ItemIds.GetOrAdd(item), weight, time);
    }

    /// <summary>All partitions tell and hear, until nobody has anything more to say; then the replica follows.</summary>
    public void Exchange()
    {
        for (int round = 0; round < 2; round++)
        {
            foreach (var feed in Feeds)
            {
                while (!feed.ExchangeAsync(replaying: false, CancellationToken.None).GetAwaiter().GetResult())
                {
                }
            }
        }

        Replica.RefreshAsync(CancellationToken.None).GetAwaiter().GetResult();
    }

    public float[] Factors(string user)
    {
        var state = Of(user);
        return state.UserIds.TryGetIndex(user, out int index) ? state.Lmf!.CopyUser(index)! : [];
    }

    public void Dispose()
    {
        foreach (var state in States)
        {
            state.Dispose();
        }

        Replica.Dispose();
    }
}
