using System.Numerics;
using System.Runtime.CompilerServices;

namespace Recsys.Engine.Numerics;

/// <summary>
/// The inverse of the Cholesky factor of one pivot block, on one thread: forward elimination of [A | I], which leaves
/// [Lᵀ | L⁻¹], by blocks of <see cref="IGemmKernel.SmallBlock"/> rows; those in double precision.
/// </summary>
internal sealed unsafe class PivotBlock<TKernel> : IDisposable
    where TKernel : struct, IGemmKernel
{
    private const int MaxSmall = 48;
    private readonly int _size;
    private readonly NativeBuffer<float> _left;
    private readonly NativeBuffer<float> _packedA;
    private readonly NativeBuffer<float> _packedB;
    private readonly NativeBuffer<float> _packedInverse;
    private readonly NativeBuffer<float> _panel;

    /// <summary>Scratch for blocks of up to <paramref name="size"/> rows.</summary>
    public PivotBlock(int size)
    {
        _size = size;
        _left = new NativeBuffer<float>((long)size * size);
        _packedA = new NativeBuffer<float>((long)size * TKernel.SmallBlock);
        _packedB = new NativeBuffer<float>((long)size * TKernel.SmallBlock);
        _packedInverse = new NativeBuffer<float>(TKernel.SmallBlock * TKernel.SmallBlock);
        _panel = new NativeBuffer<float>((long)size * TKernel.SmallBlock);
    }

    /// <summary>
    /// Writes L⁻¹ (n × n, rows <paramref name="ldi"/> apart, zeros above the diagonal) of the symmetric matrix whose lower
    /// triangle is at <paramref name="a"/>.
    /// </summary>
    /// <exception cref="NotPositiveDefiniteException">Names row <paramref name="firstRow"/> + the local one.</exception>
    public void Invert(float* a, nint lda, int n, float* inverse, nint ldi, long firstRow)
    {
        float* d = _left.Pointer;
        nint ldd = _size;
        for (int row = 0; row < n; row++)
        {
            new ReadOnlySpan<float>(a + (row * lda), row + 1).CopyTo(new Span<float>(d + (row * ldd), row + 1));
            new Span<float>(inverse + (row * ldi), n).Clear();
        }

        for (int first = 0; first < n; first += TKernel.SmallBlock)
        {
            int k = Math.Min(TKernel.SmallBlock, n - first);
            int rest = n - first - k;
            float* corner = inverse + (first * ldi) + first;
            InvertSmall(d + (first * ldd) + first, ldd, k, corner, ldi, firstRow + first);
            Packing.PackColumns(corner, ldi, k, k, TKernel.Mr, 1, _packedInverse.Pointer);

            // Rows of this block of the right half: times the small L⁻¹.
            float* line = inverse + (first * ldi);
            if (first > 0)
            {
                Packing.PackRows(line, ldi, first, k, TKernel.Nr, 1, _packedB.Pointer);
                BlockProduct<TKernel>.Multiply(k, first, k, _packedInverse.Pointer, _packedB.Pointer, line, ldi, false);
            }

            if (rest == 0)
            {
                break;
            }

            // Below: Y = A·L⁻ᵀ, as Yᵀ; then both halves less Y times this block's rows.
            float* below = d + ((first + k) * ldd);
            Packing.PackColumns(below + first, ldd, rest, k, TKernel.Nr, 1, _packedB.Pointer);
            BlockProduct<TKernel>.Multiply(k, rest, k, _packedInverse.Pointer, _packedB.Pointer, _panel.Pointer, _size, false);
            Packing.PackRows(_panel.Pointer, _size, rest, k, TKernel.Mr, -1, _packedA.Pointer);
            Packing.PackRows(_panel.Pointer, _size, rest, k, TKernel.Nr, 1, _packedB.Pointer);
            BlockProduct<TKernel>.MultiplyLower(rest, rest, 0, k, _packedA.Pointer, _packedB.Pointer, below + first + k, ldd, true);
            Packing.PackRows(line, ldi, first + k, k, TKernel.Nr, 1, _packedB.Pointer);
            BlockProduct<TKernel>.Multiply(rest, first + k, k, _packedA.Pointer, _packedB.Pointer, line + (k * ldi), ldi, true);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _left.Dispose();
        _packedA.Dispose();
        _packedB.Dispose();
        _packedInverse.Dispose();
        _panel.Dispose();
    }

    // The same without blocks: each line holds MaxSmall values of A, then MaxSmall of what becomes L⁻¹.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void InvertSmall(float* a, nint lda, int n, float* inverse, nint ldi, long firstRow)
    {
        const int Width = 2 * MaxSmall;
        double* lines = stackalloc double[MaxSmall * Width];
        new Span<double>(lines, n * Width).Clear();
        for (int row = 0; row < n; row++)
        {
            for (int column = 0; column <= row; column++)
            {
                lines[(column * Width) + row] = a[(row * lda) + column];
            }

            lines[(row * Width) + MaxSmall + row] = 1;
        }

        for (int pivot = 0; pivot < n; pivot++)
        {
            double* line = lines + (pivot * Width);
            double d = line[pivot];
            if (!(d > 0) || !double.IsFinite(d))
            {
                throw new NotPositiveDefiniteException(firstRow + pivot, d);
            }

            double scale = 1 / Math.Sqrt(d);
            for (int j = 0; j < Width; j++)
            {
                line[j] *= scale;
            }

            for (int row = pivot + 1; row < n; row++)
            {
                // Of A only the columns from this row on are used, of the other half those up to the pivot.
                Subtract(lines + (row * Width), line, line[row], row, n);
                Subtract(lines + (row * Width), line, line[row], MaxSmall, MaxSmall + pivot + 1);
            }
        }

        for (int row = 0; row < n; row++)
        {
            for (int column = 0; column < n; column++)
            {
                inverse[(row * ldi) + column] = column > row ? 0 : (float)lines[(row * Width) + MaxSmall + column];
            }
        }
    }

    // Whole vectors around [from, to): the others are not read again, or are zero in the line.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Subtract(double* target, double* line, double factor, int from, int to)
    {
        int width = Vector<double>.Count;
        var scale = new Vector<double>(factor);
        for (int j = from / width * width; j < to; j += width)
        {
            (Vector.Load(target + j) - (scale * Vector.Load(line + j))).Store(target + j);
        }
    }
}
