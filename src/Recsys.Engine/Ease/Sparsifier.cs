using System.Runtime.CompilerServices;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Ease;

/// <summary>Keeps the weights of largest magnitude of a dense B.</summary>
internal static class Sparsifier
{
    private const int RowsPerBlock = 64;

    /// <summary>
    /// The ⌊density · n²⌋ off-diagonal weights of largest |B_ij| (zeros never); of equal magnitudes at the border the
    /// first in row order stay.
    /// </summary>
    public static SparseMatrix KeepLargest(DenseMatrix weights, double density, ComputePool pool, CancellationToken cancellationToken)
    {
        int n = weights.Rows;
        long keep = (long)(density * n * (double)n);
        int threshold = FindThreshold(weights, keep, pool, cancellationToken, out long above);
        var offsets = new long[n + 1];
        long atThreshold = keep - above;
        for (int i = 0; i < n; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            offsets[i + 1] = offsets[i] + CountRow(weights.Row(i), threshold, ref atThreshold);
        }

        if (offsets[n] > Array.MaxLength)
        {
            throw new RecsysException($"a density of {density} keeps {offsets[n]} weights, more than the {Array.MaxLength} supported: lower it");
        }

        var columns = new int[offsets[n]];
        var values = new float[offsets[n]];
        atThreshold = keep - above;
        for (int i = 0; i < n; i++)
        {
            int start = (int)offsets[i];
            int length = (int)offsets[i + 1] - start;
            FillRow(weights.Row(i), threshold, ref atThreshold, columns.AsSpan(start, length), values.AsSpan(start, length));
        }

        return new SparseMatrix(n, n, offsets, columns, values);
    }

    /// <summary>Magnitudes of floats order as their bits do: two passes of counting find the exact border.</summary>
    private static int FindThreshold(DenseMatrix weights, long keep, ComputePool pool, CancellationToken cancellationToken, out long above)
    {
        var high = CountBits(weights, pool, (bits, counts) => counts[bits >> 16]++, 1 << 15, cancellationToken);
        above = 0;
        int bin = high.Length - 1;
        while (bin > 0 && above + high[bin] <= keep)
        {
            above += high[bin--];
        }

        var low = CountBits(weights, pool, (bits, counts) => counts[bits & 0xFFFF] += (bits >> 16) == bin ? 1 : 0, 1 << 16, cancellationToken);
        int rest = low.Length - 1;
        while (rest > 0 && above + low[rest] <= keep)
        {
            above += low[rest--];
        }

        return (bin << 16) | rest;
    }

    private static long[] CountBits(
        DenseMatrix weights,
        ComputePool pool,
        Action<int, long[]> count,
        int bins,
        CancellationToken cancellationToken)
    {
        int n = weights.Rows;
        var parts = new long[pool.Threads][];
        pool.Run(
            (n + RowsPerBlock - 1) / RowsPerBlock,
            (worker, block) =>
            {
                var counts = parts[worker] ??= new long[bins];
                for (int i = block * RowsPerBlock; i < Math.Min(n, (block + 1) * RowsPerBlock); i++)
                {
                    foreach (float w in weights.Row(i))
                    {
                        count(Magnitude(w), counts);
                    }
                }
            },
            cancellationToken);
        var sum = new long[bins];
        foreach (long[] part in parts.Where(p => p is not null))
        {
            for (int b = 0; b < bins; b++)
            {
                sum[b] += part[b];
            }
        }

        return sum;
    }

    private static int CountRow(ReadOnlySpan<float> row, int threshold, ref long atThreshold)
    {
        int count = 0;
        foreach (float w in row)
        {
            count += Keeps(w, threshold, ref atThreshold) ? 1 : 0;
        }

        return count;
    }

    private static void FillRow(ReadOnlySpan<float> row, int threshold, ref long atThreshold, Span<int> columns, Span<float> values)
    {
        int e = 0;
        for (int j = 0; j < row.Length; j++)
        {
            if (Keeps(row[j], threshold, ref atThreshold))
            {
                columns[e] = j;
                values[e++] = row[j];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Keeps(float weight, int threshold, ref long atThreshold)
    {
        int magnitude = Magnitude(weight);
        return magnitude > 0 && (magnitude > threshold || (magnitude == threshold && --atThreshold >= 0));
    }

    private static int Magnitude(float weight) => BitConverter.SingleToInt32Bits(weight) & 0x7FFFFFFF;
}
