using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Recsys.Engine.Numerics;

/// <summary>The product of one packed block of A with one packed panel of B.</summary>
internal static unsafe class BlockProduct<TKernel>
    where TKernel : struct, IGemmKernel
{
    /// <summary>C = A·B, or C += A·B, <paramref name="rows"/> × <paramref name="columns"/>, every element.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(int rows, int columns, int k, float* a, float* b, float* c, nint ldc, bool accumulate)
    {
        for (int column = 0; column < columns; column += TKernel.Nr)
        {
            float* sliver = b + ((nint)column * k);
            bool wide = column + TKernel.Nr <= columns;
            for (int row = 0; row < rows; row += TKernel.Mr)
            {
                float* tile = c + (row * ldc) + column;
                if (wide && row + TKernel.Mr <= rows)
                {
                    TKernel.Multiply(k, a + ((nint)row * k), sliver, tile, ldc, accumulate);
                }
                else
                {
                    Part(rows - row, columns - column, int.MaxValue - TKernel.Mr, k, a + ((nint)row * k), sliver, tile, ldc, accumulate);
                }
            }
        }
    }

    /// <summary>
    /// The same for the elements on and below a diagonal alone: those with row + <paramref name="offset"/> ≥ column.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void MultiplyLower(int rows, int columns, int offset, int k, float* a, float* b, float* c, nint ldc, bool accumulate)
    {
        for (int column = 0; column < columns; column += TKernel.Nr)
        {
            float* sliver = b + ((nint)column * k);
            int row = Math.Max(0, column - offset) / TKernel.Mr * TKernel.Mr;
            for (; row < rows; row += TKernel.Mr)
            {
                float* tile = c + (row * ldc) + column;
                bool whole = row + offset >= column + TKernel.Nr - 1 && row + TKernel.Mr <= rows && column + TKernel.Nr <= columns;
                if (whole)
                {
                    TKernel.Multiply(k, a + ((nint)row * k), sliver, tile, ldc, accumulate);
                }
                else
                {
                    Part(rows - row, columns - column, row + offset - column, k, a + ((nint)row * k), sliver, tile, ldc, accumulate);
                }
            }
        }
    }

    // A tile that is cut by the matrix's edge or by the diagonal: computed whole aside, then what counts is copied.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Part(int rows, int columns, int offset, int k, float* a, float* b, float* c, nint ldc, bool accumulate)
    {
        float* whole = stackalloc float[TKernel.Mr * TKernel.Nr];
        TKernel.Multiply(k, a, b, whole, TKernel.Nr, false);
        int height = Math.Min(TKernel.Mr, rows);
        for (int row = 0; row < height; row++)
        {
            int width = Math.Min(Math.Min(TKernel.Nr, columns), row + offset + 1);
            float* from = whole + (row * TKernel.Nr);
            float* to = c + (row * ldc);
            int column = 0;
            for (; column + 4 <= width; column += 4)
            {
                var value = Vector128.Load(from + column);
                (accumulate ? value + Vector128.Load(to + column) : value).Store(to + column);
            }

            for (; column < width; column++)
            {
                to[column] = accumulate ? to[column] + from[column] : from[column];
            }
        }
    }
}
