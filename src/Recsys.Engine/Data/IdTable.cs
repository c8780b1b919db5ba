using System.Text;

namespace Recsys.Engine.Data;

/// <summary>
/// A two-way table of string ids and dense indices 0…<see cref="Count"/> − 1 in order of first appearance. Ids are any
/// non-empty UTF-8 text and are compared byte for byte: two ids never share an index, whatever their hashes.
/// Not safe for concurrent writers; any number of readers may share a table that is no longer written.
/// </summary>
public sealed class IdTable
{
    private byte[] _bytes = new byte[256];
    private int[] _offsets = new int[17];
    private int[] _slots = new int[32];
    private uint[] _hashes = new uint[16];

    /// <summary>Number of ids.</summary>
    public int Count { get; private set; }

    /// <summary>The id at <paramref name="index"/>.</summary>
    public string this[int index] => Encoding.UTF8.GetString(Utf8(index));

    /// <summary>A table of the given ids in their order.</summary>
    /// <exception cref="RecsysException">An id is empty or stands twice.</exception>
    public static IdTable FromStrings(IEnumerable<string> ids)
    {
        var table = new IdTable();
        foreach (string id in ids)
        {
            int expected = table.Count;
            if (id.Length == 0 || table.GetOrAdd(id) != expected)
            {
                throw new RecsysException(id.Length == 0 ? $"id {expected} is empty" : $"id '{id}' stands twice");
            }
        }

        return table;
    }

    /// <summary>A table of the decimal ids "0"…"count − 1".</summary>
    public static IdTable Sequential(int count) =>
        FromStrings(Enumerable.Range(0, count).Select(i => i.ToString(System.Globalization.CultureInfo.InvariantCulture)));

    /// <summary>The UTF-8 bytes of the id at <paramref name="index"/>; valid until the next id is added.</summary>
    public ReadOnlySpan<byte> Utf8(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
        return _bytes.AsSpan(_offsets[index], _offsets[index + 1] - _offsets[index]);
    }

    /// <summary>The index of an id, added at the end if it is new.</summary>
    public int GetOrAdd(string id) => GetOrAdd(Encoding.UTF8.GetBytes(id));

    /// <summary>The index of an id given as UTF-8, added at the end if it is new.</summary>
    public int GetOrAdd(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty)
        {
            throw new RecsysException("an id is empty");
        }

        uint hash = Hash(utf8);
        int slot = FindSlot(utf8, hash);
        return _slots[slot] != 0 ? _slots[slot] - 1 : Add(utf8, hash, slot);
    }

    /// <summary>Looks an id up.</summary>
    public bool TryGetIndex(ReadOnlySpan<byte> utf8, out int index)
    {
        index = _slots[FindSlot(utf8, Hash(utf8))] - 1;
        return index >= 0;
    }

    /// <summary>Looks an id up.</summary>
    public bool TryGetIndex(string id, out int index) => TryGetIndex(Encoding.UTF8.GetBytes(id), out index);

    private static uint Hash(ReadOnlySpan<byte> utf8)
    {
        // FNV-1a folded by a final avalanche: ids are short, and equality is decided by their bytes.
        uint hash = 2166136261;
        foreach (byte b in utf8)
        {
            hash = (hash ^ b) * 16777619;
        }

        hash ^= hash >> 16;
        hash *= 0x85EBCA6B;
        return hash ^ (hash >> 13);
    }

    private int FindSlot(ReadOnlySpan<byte> utf8, uint hash)
    {
        int mask = _slots.Length - 1;
        for (int slot = (int)hash & mask; ; slot = (slot + 1) & mask)
        {
            int entry = _slots[slot] - 1;
            if (entry < 0 || (_hashes[entry] == hash && Utf8(entry).SequenceEqual(utf8)))
            {
                return slot;
            }
        }
    }

    private int Add(ReadOnlySpan<byte> utf8, uint hash, int slot)
    {
        int index = Count;
        int start = _offsets[index];
        int end = checked(start + utf8.Length);
        if (end > _bytes.Length)
        {
            Array.Resize(ref _bytes, (int)Math.Min(Array.MaxLength, Math.Max(end, _bytes.Length * 2L)));
        }

        if (index + 2 > _offsets.Length)
        {
            Array.Resize(ref _offsets, (_offsets.Length * 2) - 1);
            Array.Resize(ref _hashes, _hashes.Length * 2);
        }

        utf8.CopyTo(_bytes.AsSpan(start));
        _offsets[index + 1] = end;
        _hashes[index] = hash;
        _slots[slot] = index + 1;
        Count = index + 1;
        if (Count * 2 > _slots.Length)
        {
            Rehash();
        }

        return index;
    }

    private void Rehash()
    {
        _slots = new int[_slots.Length * 2];
        int mask = _slots.Length - 1;
        for (int i = 0; i < Count; i++)
        {
            int slot = (int)_hashes[i] & mask;
            while (_slots[slot] != 0)
            {
                slot = (slot + 1) & mask;
            }

            _slots[slot] = i + 1;
        }
    }
}
