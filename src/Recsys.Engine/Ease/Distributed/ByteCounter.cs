namespace Recsys.Engine.Ease.Distributed;

/// <summary>Bytes that came from other hosts, counted by several threads.</summary>
internal sealed class ByteCounter
{
    private long _bytes;

    public long Bytes => Interlocked.Read(ref _bytes);

    public void Add(long bytes) => Interlocked.Add(ref _bytes, bytes);
}
