namespace Recsys.Grains.Events;

/// <summary>Takes the events of one stream to its partition. Its key is the partition's number.</summary>
[Alias("recsys.stream")]
public interface IEventStreamGrain : IGrainWithIntegerKey
{
}
