using System.Runtime.CompilerServices;

namespace Recsys.Engine.Numerics;

/// <summary>Fills the upper triangle of a symmetric matrix from its lower one.</summary>
internal static unsafe class Mirror
{
    /// <summary>Rows of one part of the work.</summary>
    public const int Block = 64;

    /// <summary>
    /// Multiplies the lower triangle by <paramref name="alpha"/> in rows [64·part, 64·part + 64) and copies it to the
    /// columns of the same numbers. Different parts touch different elements.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void LowerToUpper(float* a, nint lda, int n, int part, float alpha)
    {
        int first = part * Block;
        int rows = Math.Min(Block, n - first);
        float* strip = a + (first * lda);
        for (int column = 0; column < first; column += Block)
        {
            for (int row = 0; row < rows; row++)
            {
                float* line = strip + (row * lda) + column;
                for (int j = 0; j < Block; j++)
                {
                    line[j] *= alpha;
                }
            }

            Packing.Transpose(strip + column, lda, rows, Block, a + (column * lda) + first, lda);
        }

        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column <= row; column++)
            {
                float value = strip[(row * lda) + first + column] * alpha;
                strip[(row * lda) + first + column] = value;
                strip[(column * lda) + first + row] = value;
            }
        }
    }
}
