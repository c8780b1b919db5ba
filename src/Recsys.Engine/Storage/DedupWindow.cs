namespace Recsys.Engine.Storage;

/// <summary>
/// The ids of at least the last <see cref="Capacity"/> and at most twice as many events, as keyed 128-bit hashes in
/// two generations: the older is dropped whole when the younger is full. Not safe for concurrent use.
/// </summary>
public sealed class DedupWindow
{
    private readonly SipHash _hash = SipHash.WithRandomKey();
    private Generation _young = new();
    private Generation _old = new();

    /// <summary>An empty window.</summary>
    public DedupWindow(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        Capacity = capacity;
    }

    /// <summary>How many last ids are certainly known.</summary>
    public int Capacity { get; }

    /// <summary>How many ids are known.</summary>
    public int Count => _young.Count + _old.Count;

    /// <summary>The key of an id (UTF-8) in this window. May be called concurrently.</summary>
    public UInt128 Key(ReadOnlySpan<byte> id) => _hash.Hash(id);

    /// <summary>Remembers an id; false if it was known.</summary>
    public bool Add(ReadOnlySpan<byte> id) => Add(Key(id));

    /// <summary>Remembers an id by its key; false if it was known.</summary>
    public bool Add(UInt128 key)
    {
        if (_old.Contains(key) || !_young.Add(key))
        {
            return false;
        }

        if (_young.Count == Capacity)
        {
            (_young, _old) = (_old, _young);
            _young.Clear();
        }

        return true;
    }

    /// <summary>Whether an id is known.</summary>
    public bool Contains(ReadOnlySpan<byte> id)
    {
        var key = Key(id);
        return _old.Contains(key) || _young.Contains(key);
    }

    /// <summary>An open-addressing set of keys, at most half full.</summary>
    private sealed class Generation
    {
        private UInt128[] _slots = new UInt128[1024];

        public int Count { get; private set; }

        public bool Contains(UInt128 key) => _slots[Find(key)] == NotZero(key);

        public bool Add(UInt128 key)
        {
            int slot = Find(key);
            if (_slots[slot] != 0)
            {
                return false;
            }

            _slots[slot] = NotZero(key);
            if (++Count * 2 > _slots.Length)
            {
                Grow();
            }

            return true;
        }

        public void Clear()
        {
            Array.Clear(_slots);
            Count = 0;
        }

        private static UInt128 NotZero(UInt128 key) => key == 0 ? 1 : key; // zero marks a free slot

        private int Find(UInt128 key)
        {
            key = NotZero(key);
            int mask = _slots.Length - 1;
            int slot = (int)(ulong)key & mask;
            while (_slots[slot] != 0 && _slots[slot] != key)
            {
                slot = (slot + 1) & mask;
            }

            return slot;
        }

        private void Grow()
        {
            var before = _slots;
            _slots = new UInt128[before.Length * 2];
            foreach (var key in before)
            {
                if (key != 0)
                {
                    _slots[Find(key)] = key;
                }
            }
        }
    }
}
