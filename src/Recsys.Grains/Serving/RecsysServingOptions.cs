using Recsys.Engine;
using Recsys.Engine.Als;
using Recsys.Engine.Online.Partitioned;

namespace Recsys.Grains.Serving;

/// <summary>How a cluster serves and takes events. Numbers of partitions are for its life: its first silo writes them down.</summary>
public sealed class RecsysServingOptions
{
    /// <summary>Partitions of the users, each with a journal.</summary>
    public int EventPartitions { get; set; } = 8;

    /// <summary>Partitions of the items.</summary>
    public int ItemPartitions { get; set; } = 8;

    /// <summary>What is done with events.</summary>
    public EventPartitionOptions Events { get; set; } = new();

    /// <summary>Most bytes of active models in each silo's memory; a model beyond that is served in partitions.</summary>
    public long ModelBytes { get; set; } = 4L << 30;

    /// <summary>A folder of this silo for files of models and snapshots.</summary>
    public string TemporaryFolder { get; set; } = Path.Combine(Path.GetTempPath(), "recsys-silo-" + Environment.ProcessId);

    /// <summary>Where files of models are kept.</summary>
    internal string ModelFolder => Path.Combine(TemporaryFolder, "models");

    /// <summary>How often a silo asks which models are active and whether items have changed.</summary>
    public TimeSpan FollowEvery { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How often it is looked whether silos have come, which then get their share of the partitions.</summary>
    public TimeSpan BalanceEvery { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a user's grain trusts the history it holds if nobody tells it of a change.</summary>
    public TimeSpan HistoryAge { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Name of the stream provider that carries events (<see cref="Events.EventStreams"/>); it must be configured.</summary>
    public string StreamProvider { get; set; } = "recsys-events";

    /// <summary>The event partition of a user.</summary>
    public int EventPartitionOf(string user) => VirtualBlocks.PartitionOf(user, EventPartitions);

    /// <summary>The item partition of an item.</summary>
    public int ItemPartitionOf(string item) => VirtualBlocks.PartitionOf(item, ItemPartitions);

    /// <summary>What a client has to know of them.</summary>
    public ServingSettings ToSettings() => new(EventPartitions, ItemPartitions, [.. Events.Events.Select(e => e.Name)]);

    internal void Validate()
    {
        if (EventPartitions is < 1 or > VirtualBlocks.Count || ItemPartitions is < 1 or > VirtualBlocks.Count)
        {
            throw new InvalidOptionException(
                $"serving: {EventPartitions} event and {ItemPartitions} item partitions; expected 1 to {VirtualBlocks.Count} of each");
        }

        if (ModelBytes < 0 || FollowEvery <= TimeSpan.Zero || BalanceEvery <= TimeSpan.Zero || HistoryAge <= TimeSpan.Zero)
        {
            throw new InvalidOptionException(
                $"serving: model bytes {ModelBytes} (from 0), following every {FollowEvery}, balancing every {BalanceEvery} and history age {HistoryAge} (above 0) must lie in their ranges");
        }

        Events.Validate();
    }
}
