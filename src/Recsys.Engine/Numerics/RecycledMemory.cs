using System.Runtime.InteropServices;

namespace Recsys.Engine.Numerics;

/// <summary>
/// Native memory handed from one short-lived buffer to the next: blocks of a few MB that come and go with every message are
/// otherwise fresh pages each time, which the system clears and the processor has not in its cache. What is kept is
/// bounded, and goes with <see cref="Trim"/>. Safe for concurrent calls.
/// </summary>
/// <param name="maxBytes">Most bytes kept while nobody uses them.</param>
internal sealed unsafe class RecycledMemory(long maxBytes)
{
    /// <summary>Smaller blocks are the allocator's own business.</summary>
    public const int LeastBytes = 64 << 10;

    private readonly Lock _gate = new();
    private readonly List<(nint Block, nuint Bytes)> _kept = [];
    private long _bytes;

    /// <summary>The process's.</summary>
    public static RecycledMemory Shared { get; } = new(256L << 20);

    /// <summary>Bytes kept at the moment.</summary>
    public long KeptBytes
    {
        get
        {
            lock (_gate)
            {
                return _bytes;
            }
        }
    }

    /// <summary>A block of at least <paramref name="bytes"/>, of any contents; <paramref name="capacity"/> is what <see cref="Return"/> wants to be told.</summary>
    /// <exception cref="OutOfMemoryException">The system has not that much memory.</exception>
    public void* Rent(nuint bytes, out nuint capacity)
    {
        lock (_gate)
        {
            // The smallest that fits; of equal ones the last to come, which is the warmest. Not one twice as large.
            int best = -1;
            for (int i = 0; i < _kept.Count; i++)
            {
                if (_kept[i].Bytes >= bytes && _kept[i].Bytes / 2 <= bytes && (best < 0 || _kept[i].Bytes <= _kept[best].Bytes))
                {
                    best = i;
                }
            }

            if (best >= 0)
            {
                var (block, kept) = _kept[best];
                _kept.RemoveAt(best);
                _bytes -= (long)kept;
                capacity = kept;
                return (void*)block;
            }
        }

        capacity = bytes;
        return NativeMemory.Alloc(bytes);
    }

    /// <summary>Takes back a block of <see cref="Rent"/>.</summary>
    public void Return(void* block, nuint capacity)
    {
        if (capacity >= LeastBytes)
        {
            lock (_gate)
            {
                if (_bytes + (long)capacity <= maxBytes)
                {
                    _kept.Add(((nint)block, capacity));
                    _bytes += (long)capacity;
                    return;
                }
            }
        }

        NativeMemory.Free(block);
    }

    /// <summary>Gives everything kept back to the system.</summary>
    public void Trim()
    {
        lock (_gate)
        {
            _kept.ForEach(k => NativeMemory.Free((void*)k.Block));
            _kept.Clear();
            _bytes = 0;
        }
    }
}
