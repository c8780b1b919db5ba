using Recsys.Engine.Compute;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Evaluation;

/// <summary>How the weights of an item-item matrix are spread. Weights that are exactly 0 stand in no bin.</summary>
/// <param name="Edges">Ascending ends of the bins, one more than there are bins; 0 is one of them.</param>
/// <param name="Counts">Weights in [edge, next edge); the last bin holds its upper end too.</param>
/// <param name="NegativeShare">Share of all weights that are below 0.</param>
/// <param name="ZeroShare">Share of all weights that are exactly 0.</param>
public sealed record WeightHistogram(double[] Edges, long[] Counts, double NegativeShare, double ZeroShare = 0)
{
    /// <summary>Share of all weights that are above 0.</summary>
    public double PositiveShare => 1 - NegativeShare - ZeroShare;

    /// <summary>The off-diagonal weights of a square matrix in about <paramref name="bins"/> bins of equal width.</summary>
    public static WeightHistogram OfOffDiagonal(
        DenseMatrix weights, ComputePool pool, int bins = 60, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bins, 2);
        var rows = new (float Low, float High, long Negative, long Zero)[weights.Rows];
        pool.Run(weights.Rows, (_, row) => rows[row] = Scan(weights.Row(row), row), cancellationToken);
        double low = rows.Length == 0 ? 0 : rows.Min(r => r.Low);
        double high = rows.Length == 0 ? 0 : rows.Max(r => r.High);
        long total = Math.Max(1, (long)weights.Rows * (weights.Columns - 1));
        double negative = (double)rows.Sum(r => r.Negative) / total;
        double zero = (double)rows.Sum(r => r.Zero) / total;
        if (!(high > low))
        {
            return new WeightHistogram([0, 1], [0], negative, zero);
        }

        // edges are multiples of the width, so that no bin mixes signs
        double width = (high - low) / bins;
        int first = (int)Math.Floor(low / width);
        int count = Math.Max(1, (int)Math.Ceiling(high / width) - first);
        var counts = new long[pool.Threads][];
        pool.Run(
            weights.Rows,
            (worker, row) => Count(weights.Row(row), row, counts[worker] ??= new long[count], width, first),
            cancellationToken);
        var sums = new long[count];
        foreach (long[]? part in counts)
        {
            for (int b = 0; part is not null && b < count; b++)
            {
                sums[b] += part[b];
            }
        }

        return new WeightHistogram([.. Enumerable.Range(0, count + 1).Select(b => (first + b) * width)], sums, negative, zero);
    }

    private static (float Low, float High, long Negative, long Zero) Scan(ReadOnlySpan<float> row, int diagonal)
    {
        float low = 0;
        float high = 0;
        long negative = 0;
        long zero = 0;
        for (int i = 0; i < row.Length; i++)
        {
            if (i == diagonal)
            {
                continue;
            }

            float weight = row[i];
            low = Math.Min(low, weight);
            high = Math.Max(high, weight);
            negative += weight < 0 ? 1 : 0;
            zero += weight == 0 ? 1 : 0;
        }

        return (low, high, negative, zero);
    }

    private static void Count(ReadOnlySpan<float> row, int diagonal, long[] counts, double width, int first)
    {
        for (int i = 0; i < row.Length; i++)
        {
            float weight = row[i];
            if (weight == 0 || i == diagonal)
            {
                continue;
            }

            // rounding of the quotient must not carry a weight across 0 or off the ends
            int bin = Math.Clamp((int)Math.Floor(weight / width) - first, 0, counts.Length - 1);
            counts[bin]++;
        }
    }
}
