using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Recsys.Engine.Numerics;

/// <summary>
/// Fetches a tile of C in two steps while its product is being summed: to the second-level cache at once, to the first
/// shortly before it is needed, for the slivers streaming through would push it out again (all the more where rows
/// lie a power of two apart). Where the processor has no such instruction nothing is done.
/// </summary>
internal static unsafe class TilePrefetch
{
    private const int LastSteps = 40;

    /// <summary>Steps of k before <see cref="Near"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nint Before(nint k) => k > 2 * LastSteps ? k - LastSteps : 0;

    /// <summary>Towards the second-level cache.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Far(float* c, nint ldc, int rows, int columns)
    {
        if (Sse.IsSupported)
        {
            for (int row = 0; row < rows; row++)
            {
                Sse.Prefetch1(c);
                Sse.Prefetch1(c + columns - 1);
                c += ldc;
            }
        }
    }

    /// <summary>Into the first-level cache.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Near(float* c, nint ldc, int rows, int columns)
    {
        if (Sse.IsSupported)
        {
            for (int row = 0; row < rows; row++)
            {
                Sse.Prefetch0(c);
                Sse.Prefetch0(c + columns - 1);
                c += ldc;
            }
        }
    }
}
