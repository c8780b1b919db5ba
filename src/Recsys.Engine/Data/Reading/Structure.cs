using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Recsys.Engine.Data.Reading;

/// <summary>Finds the bytes that structure a text, 64 bytes at a time.</summary>
internal static unsafe class Structure
{
    /// <summary>Places that <see cref="Find"/> may write behind those it counts.</summary>
    public const int Slack = 64;

    /// <summary>
    /// Writes the places of the bytes a, b and c in ascending order and returns how many there are. Up to 63 bytes
    /// behind the text are read.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Find(byte* text, int length, byte a, byte b, byte c, int* places)
    {
        var va = Vector512.Create(a);
        var vb = Vector512.Create(b);
        var vc = Vector512.Create(c);
        int* to = places;
        for (int at = 0; at < length; at += 64)
        {
            var block = Vector512.Load(text + at);
            ulong mask = (Vector512.Equals(block, va) | Vector512.Equals(block, vb) | Vector512.Equals(block, vc))
                .ExtractMostSignificantBits();
            if (length - at < 64)
            {
                mask &= (1UL << (length - at)) - 1;
            }

            // Written eight at a time whatever their number: fewer branches to guess.
            int count = BitOperations.PopCount(mask);
            int* next = to + count;
            while (true)
            {
                for (int i = 0; i < 8; i++)
                {
                    to[i] = at + BitOperations.TrailingZeroCount(mask);
                    mask &= mask - 1;
                }

                if (mask == 0)
                {
                    break;
                }

                to += 8;
            }

            to = next;
        }

        return (int)(to - places);
    }
}
