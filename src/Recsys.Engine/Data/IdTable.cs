using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using System.Text;
using Recsys.Engine.Data.Reading;

namespace Recsys.Engine.Data;

/// <summary>
/// A two-way table of string ids and dense indices 0…<see cref="Count"/> − 1 in order of first appearance. Ids are any
/// non-empty UTF-8 text and are compared byte for byte: two ids never share an index, whatever their hashes.
/// Not safe for concurrent writers; any number of readers may share a table that is no longer written.
/// </summary>
/// <remarks>
/// Short decimal ids ("0", "17", not "017") are looked up by their number in an array, as long as it stays within a
/// few words an id; all others in an open-addressed hash table. The hash has a secret key, so that ids chosen to collide
/// cannot slow it down; indices do not depend on it. All ids together may take up to 2 GiB.
/// </remarks>
public sealed class IdTable
{
    private readonly int _maxBytes;
    private byte[] _bytes = new byte[256];
    private int[] _offsets = new int[17];

    // Index + 1 of the decimal ids below the array's length; 0 where there is none.
    private int[] _direct = [];

    // Upper half: hash; lower half: index + 1; 0 where the slot is free.
    private ulong[] _slots = new ulong[32];
    private int _hashed;

    /// <summary>An empty table.</summary>
    public IdTable()
        : this(Array.MaxLength)
    {
    }

    internal IdTable(int maxBytes) => _maxBytes = maxBytes;

    private IdTable(IdTable other)
    {
        _maxBytes = other._maxBytes;
        _bytes = (byte[])other._bytes.Clone();
        _offsets = (int[])other._offsets.Clone();
        _direct = (int[])other._direct.Clone();
        _slots = (ulong[])other._slots.Clone();
        _hashed = other._hashed;
        Count = other.Count;
    }

    /// <summary>Number of ids.</summary>
    public int Count { get; private set; }

    /// <summary>The direct part, for readers that look decimal ids up inline.</summary>
    internal int[] Direct => _direct;

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
    public static IdTable Sequential(int count)
    {
        var table = new IdTable();
        Span<byte> digits = stackalloc byte[16];
        for (int i = 0; i < count; i++)
        {
            i.TryFormat(digits, out int length, default, System.Globalization.CultureInfo.InvariantCulture);
            table.GetOrAdd(digits[..length]);
        }

        return table;
    }

    /// <summary>A copy that can be added to without changing this table.</summary>
    public IdTable Clone() => new(this);

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

        uint number = IdBytes.Decimal(utf8);
        if (number < (uint)_direct.Length)
        {
            int entry = _direct[number];
            if (entry != 0)
            {
                return entry - 1;
            }

            int added = Append(utf8);
            _direct[number] = added + 1;
            return added;
        }

        return GetOrAddHashed(utf8, number);
    }

    /// <summary>Looks an id up.</summary>
    public bool TryGetIndex(ReadOnlySpan<byte> utf8, out int index)
    {
        uint number = IdBytes.Decimal(utf8);
        index = number < (uint)_direct.Length
            ? _direct[number] - 1
            : (int)(uint)_slots[FindSlot(utf8, IdBytes.Hash(utf8))] - 1;
        return index >= 0;
    }

    /// <summary>Looks an id up.</summary>
    public bool TryGetIndex(string id, out int index) => TryGetIndex(Encoding.UTF8.GetBytes(id), out index);

    /// <summary>
    /// Brings what look-ups of these texts will touch into the cache, all at once: one after the other they would wait for
    /// memory three times each.
    /// </summary>
    internal unsafe void Prefetch(ReadOnlySpan<TextPiece> texts, Span<uint> hashes)
    {
        if (!Sse.IsSupported)
        {
            return;
        }

        var slots = _slots;
        int mask = slots.Length - 1;
        for (int t = 0; t < texts.Length; t++)
        {
            hashes[t] = IdBytes.Hash(texts[t].Span);
            Sse.Prefetch0(Unsafe.AsPointer(ref slots[(int)hashes[t] & mask]));
        }

        for (int t = 0; t < texts.Length; t++)
        {
            int entry = (int)(uint)slots[(int)hashes[t] & mask];
            hashes[t] = (uint)entry;
            Sse.Prefetch0(Unsafe.AsPointer(ref _offsets[Math.Max(0, entry - 1)]));
        }

        for (int t = 0; t < texts.Length; t++)
        {
            Sse.Prefetch0(Unsafe.AsPointer(ref _bytes[_offsets[Math.Max(0, (int)hashes[t] - 1)]]));
        }
    }

    private int GetOrAddHashed(ReadOnlySpan<byte> utf8, uint number)
    {
        uint hash = IdBytes.Hash(utf8);
        int slot = FindSlot(utf8, hash);
        int entry = (int)(uint)_slots[slot];
        if (entry != 0)
        {
            return entry - 1;
        }

        int index = Append(utf8);
        if (number < DirectLimit())
        {
            GrowDirect(number);
            return index;
        }

        _slots[slot] = ((ulong)hash << 32) | (uint)(index + 1);
        if (++_hashed * 2L > _slots.Length)
        {
            Rehash();
        }

        return index;
    }

    /// <summary>Numbers below this are worth a place in the array: it takes at most some eight words an id.</summary>
    private long DirectLimit() => (8L * Count) + 1024;

    /// <summary>
    /// Lengthens the array to hold <paramref name="number"/> and enters all decimal ids that it covers now. Those that
    /// were in the hash table stay there, unseen.
    /// </summary>
    private void GrowDirect(uint number)
    {
        _direct = new int[Math.Max(1024, (int)BitOperations.RoundUpToPowerOf2(number + 1))];
        for (int i = 0; i < Count; i++)
        {
            uint n = IdBytes.Decimal(Utf8(i));
            if (n < (uint)_direct.Length)
            {
                _direct[n] = i + 1;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int FindSlot(ReadOnlySpan<byte> utf8, uint hash)
    {
        var slots = _slots;
        int mask = slots.Length - 1;
        for (int slot = (int)hash & mask; ; slot = (slot + 1) & mask)
        {
            ulong entry = slots[slot];
            if (entry == 0 || ((uint)(entry >> 32) == hash && Utf8((int)(uint)entry - 1).SequenceEqual(utf8)))
            {
                return slot;
            }
        }
    }

    private int Append(ReadOnlySpan<byte> utf8)
    {
        int index = Count;
        int start = _offsets[index];
        if (utf8.Length > _maxBytes - start)
        {
            throw new RecsysException($"the ids take more than {_maxBytes} bytes together; give shorter ids");
        }

        int end = start + utf8.Length;
        if (end > _bytes.Length)
        {
            Array.Resize(ref _bytes, (int)Math.Min(Array.MaxLength, Math.Max(end, _bytes.Length * 2L)));
        }

        if (index + 2 > _offsets.Length)
        {
            Array.Resize(ref _offsets, (int)Math.Min(Array.MaxLength, (_offsets.Length * 2L) - 1));
        }

        utf8.CopyTo(_bytes.AsSpan(start));
        _offsets[index + 1] = end;
        Count = index + 1;
        return index;
    }

    private void Rehash()
    {
        var old = _slots;
        _slots = new ulong[old.Length * 2];
        int mask = _slots.Length - 1;
        foreach (ulong entry in old)
        {
            if (entry == 0)
            {
                continue;
            }

            int slot = (int)(entry >> 32) & mask;
            while (_slots[slot] != 0)
            {
                slot = (slot + 1) & mask;
            }

            _slots[slot] = entry;
        }
    }
}
