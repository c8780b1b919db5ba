using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Recsys.Engine.Data;

/// <summary>Arithmetic on the bytes of ids, eight at a time.</summary>
internal static class IdBytes
{
    /// <summary>What <see cref="Decimal(ReadOnlySpan{byte})"/> says of anything but a short decimal number.</summary>
    public const uint NotDecimal = uint.MaxValue;

    private const ulong Zeros = 0x3030303030303030;
    private static readonly ulong Key0 = RandomKey();
    private static readonly ulong Key1 = RandomKey();

    /// <summary>
    /// The number that an id of up to eight digits without leading zeros spells, else <see cref="NotDecimal"/>. Ids and
    /// numbers are one to one.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Decimal(ReadOnlySpan<byte> utf8) =>
        (uint)(utf8.Length - 1) > 7 ? NotDecimal : Decimal(Tail(ref MemoryMarshal.GetReference(utf8), utf8.Length), utf8.Length);

    /// <summary>The same for a text whose first eight bytes can be read, whatever its length.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe uint DecimalPadded(byte* text, int length) =>
        (uint)(length - 1) > 7 ? NotDecimal : Decimal(Unsafe.ReadUnaligned<ulong>(text), length);

    /// <summary>A hash under a secret of this process.</summary>
    public static uint Hash(ReadOnlySpan<byte> utf8)
    {
        ref byte p = ref MemoryMarshal.GetReference(utf8);
        int length = utf8.Length;
        ulong h = Key0 ^ ((ulong)length * 0x9E3779B97F4A7C15);
        while (length > 8)
        {
            h = Mix(h ^ Unsafe.ReadUnaligned<ulong>(ref p), Key1);
            p = ref Unsafe.Add(ref p, 8);
            length -= 8;
        }

        h = Mix(h ^ Tail(ref p, length), Key1);
        return (uint)(h ^ (h >> 32));
    }

    /// <summary>A hash of a text under a key that is the same everywhere and always: what is drawn by it can be drawn again.</summary>
    public static ulong StableHash(ulong key, ReadOnlySpan<byte> utf8)
    {
        ulong h = key ^ 0x9E3779B97F4A7C15;
        foreach (byte b in utf8)
        {
            h = (h ^ b) * 0x100000001B3;
        }

        // The finaliser of SplitMix64: every bit of the ids tells in the order.
        h ^= (ulong)utf8.Length;
        h = (h ^ (h >> 30)) * 0xBF58476D1CE4E5B9;
        h = (h ^ (h >> 27)) * 0x94D049BB133111EB;
        return h ^ (h >> 31);
    }

    /// <summary>The last 0 to 8 bytes of a text as a little-endian number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Tail(ref byte p, int length)
    {
        if (length >= 8)
        {
            return Unsafe.ReadUnaligned<ulong>(ref p);
        }

        if (length >= 4)
        {
            ulong low = Unsafe.ReadUnaligned<uint>(ref p);
            ulong high = Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref p, length - 4));
            return low | (high << (8 * (length - 4)));
        }

        if (length == 0)
        {
            return 0;
        }

        return p | ((ulong)Unsafe.Add(ref p, length >> 1) << (8 * (length >> 1)))
            | ((ulong)Unsafe.Add(ref p, length - 1) << (8 * (length - 1)));
    }

    /// <summary>The digits in the low bytes of <paramref name="raw"/>; bytes past the length are ignored.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Decimal(ulong raw, int length)
    {
        // Pushed to the top and filled with leading zeros: always eight digits.
        ulong t = (raw << (64 - (8 * length))) | ((Zeros >> (4 * length)) >> (4 * length));
        bool digits = ((t & 0xF0F0F0F0F0F0F0F0) | (((t + 0x0606060606060606) & 0xF0F0F0F0F0F0F0F0) >> 4)) == 0x3333333333333333;
        if (!digits || ((byte)raw == (byte)'0' && length > 1))
        {
            return NotDecimal;
        }

        t -= Zeros;
        t = (t * 10) + (t >> 8);
        const ulong mask = 0x000000FF000000FF;
        return (uint)((((t & mask) * (100 + (1000000UL << 32))) + (((t >> 16) & mask) * (1 + (10000UL << 32)))) >> 32);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mix(ulong a, ulong b)
    {
        ulong high = Math.BigMul(a, b, out ulong low);
        return high ^ low;
    }

    private static ulong RandomKey()
    {
        Span<byte> key = stackalloc byte[8];
        RandomNumberGenerator.Fill(key);
        return MemoryMarshal.Read<ulong>(key) | 1;
    }
}
