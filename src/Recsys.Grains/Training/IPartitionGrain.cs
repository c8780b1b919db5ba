using Orleans.Concurrency;
using Orleans.Runtime;

namespace Recsys.Grains.Training;

/// <summary>What the partitions of all trainings have in common: they can be moved.</summary>
[Alias("recsys.partition")]
public interface IPartitionGrain : IGrainWithStringKey
{
    /// <summary>The silo it is on.</summary>
    [Alias("where")]
    [AlwaysInterleave]
    Task<SiloAddress> WhereAsync();

    /// <summary>Moves it to another silo, where it goes on from its stored state. Between phases only.</summary>
    [Alias("move")]
    Task MoveAsync(SiloAddress target);

    /// <summary>Ends its part in the training: its work is stopped, its memory freed.</summary>
    [Alias("close")]
    [AlwaysInterleave]
    Task CloseAsync();
}
