using System.Numerics;
using System.Runtime.CompilerServices;

namespace Recsys.Engine.Numerics;

/// <summary>The innermost inverse, of at most <see cref="MaxSize"/> rows, in double precision.</summary>
internal static unsafe class SmallSweep
{
    /// <summary>Largest number of rows.</summary>
    public const int MaxSize = 48;

    /// <summary>
    /// Writes the inverse of the symmetric matrix whose lower triangle is at <paramref name="a"/> to
    /// <paramref name="inverse"/>, both triangles.
    /// </summary>
    /// <exception cref="NotPositiveDefiniteException">Names row <paramref name="firstRow"/> + the local one.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Invert(float* a, nint lda, int n, float* inverse, nint ldi, long firstRow)
    {
        double* s = stackalloc double[MaxSize * MaxSize];
        double* pivotRow = stackalloc double[MaxSize];
        for (int row = 0; row < n; row++)
        {
            for (int column = 0; column <= row; column++)
            {
                double value = a[(row * lda) + column];
                s[(row * MaxSize) + column] = value;
                s[(column * MaxSize) + row] = value;
            }
        }

        for (int pivot = 0; pivot < n; pivot++)
        {
            double* line = s + (pivot * MaxSize);
            double d = line[pivot];
            if (!(d > 0) || !double.IsFinite(d))
            {
                throw new NotPositiveDefiniteException(firstRow + pivot, d);
            }

            double reciprocal = 1 / d;
            for (int j = 0; j < n; j++)
            {
                pivotRow[j] = line[j];
                line[j] *= reciprocal;
            }

            line[pivot] = -reciprocal;
            for (int row = 0; row < n; row++)
            {
                if (row != pivot)
                {
                    double* target = s + (row * MaxSize);
                    double factor = pivotRow[row];
                    Subtract(target, line, factor, n);
                    target[pivot] = line[row];
                }
            }
        }

        for (int row = 0; row < n; row++)
        {
            for (int column = 0; column <= row; column++)
            {
                float value = -(float)s[(row * MaxSize) + column];
                inverse[(row * ldi) + column] = value;
                inverse[(column * ldi) + row] = value;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Subtract(double* target, double* line, double factor, int n)
    {
        int width = Vector<double>.Count;
        var scale = new Vector<double>(factor);
        int j = 0;
        for (; j + width <= n; j += width)
        {
            var value = Unsafe.ReadUnaligned<Vector<double>>(target + j)
                - (scale * Unsafe.ReadUnaligned<Vector<double>>(line + j));
            Unsafe.WriteUnaligned(target + j, value);
        }

        for (; j < n; j++)
        {
            target[j] -= factor * line[j];
        }
    }
}
