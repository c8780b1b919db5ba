using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Evaluation;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Ease;

/// <summary>What the off-diagonal weights of B look like, counted over all n² − n of them.</summary>
/// <param name="Total">Number of off-diagonal weights, n² − n.</param>
/// <param name="Negative">How many are below zero.</param>
/// <param name="Positive">How many are above zero.</param>
/// <param name="MaxMagnitude">The largest |B_ij|.</param>
/// <param name="NegativeMass">Σ|B_ij| over the negative ones.</param>
/// <param name="PositiveMass">Σ B_ij over the positive ones.</param>
/// <param name="Edges">Histogram bin edges, ascending, one more than bins. The outer bins also take what lies beyond.</param>
/// <param name="Counts">Weights in each bin; weights that are exactly 0 stand in none.</param>
public sealed record WeightStatistics(
    long Total,
    long Negative,
    long Positive,
    float MaxMagnitude,
    double NegativeMass,
    double PositiveMass,
    double[] Edges,
    long[] Counts)
{
    private const int Bins = 60;
    private const double RangeInDeviations = 3;
    private const int RowsPerBlock = 64;

    /// <summary>Share of the weights that are negative, in [0, 1].</summary>
    public double NegativeShare => Total == 0 ? 0 : (double)Negative / Total;

    /// <summary>For reports.</summary>
    public WeightHistogram ToHistogram() =>
        new(Edges, Counts, NegativeShare, Total == 0 ? 0 : (double)(Total - Negative - Positive) / Total) { OpenEnded = true };

    /// <summary>Counts the weights of a dense B whose diagonal is zero.</summary>
    internal static WeightStatistics Measure(DenseMatrix weights, ComputePool pool)
    {
        int n = weights.Rows;
        int blocks = (n + RowsPerBlock - 1) / RowsPerBlock;
        var parts = new Part[blocks];
        pool.Run(blocks, (_, block) =>
        {
            parts[block] = new Part();
            foreach (int i in RowsOf(block, n))
            {
                parts[block].Add(weights.Row(i));
            }
        });
        var sum = new Part();
        Array.ForEach(parts, sum.Add);
        double range = sum.Range();
        var counts = new long[blocks][];
        pool.Run(blocks, (_, block) =>
        {
            counts[block] = new long[Bins];
            foreach (int i in RowsOf(block, n))
            {
                Count(weights.Row(i), range, counts[block]);
            }
        });
        long[] total = [.. Enumerable.Range(0, Bins).Select(b => counts.Sum(c => c[b]))];
        return sum.ToStatistics((long)n * (n - 1), range, total);
    }

    /// <summary>Counts the stored weights of a sparse B; those left out count as zero.</summary>
    internal static WeightStatistics Measure(SparseMatrix weights)
    {
        var sum = new Part();
        sum.Add(weights.AllValues);
        double range = sum.Range();
        var counts = new long[Bins];
        Count(weights.AllValues, range, counts);
        return sum.ToStatistics((long)weights.Rows * (weights.Rows - 1), range, counts);
    }

    private static IEnumerable<int> RowsOf(int block, int rows) =>
        Enumerable.Range(block * RowsPerBlock, Math.Min(RowsPerBlock, rows - (block * RowsPerBlock)));

    private static void Count(ReadOnlySpan<float> weights, double range, long[] counts)
    {
        float scale = (float)(Bins / (2 * range));
        foreach (float w in weights)
        {
            if (w != 0)
            {
                counts[Math.Clamp((int)MathF.Floor(w * scale) + (Bins / 2), 0, Bins - 1)]++;
            }
        }
    }

    /// <summary>Sums over some of the weights; the zero diagonal adds nothing to any of them.</summary>
    private sealed class Part
    {
        private long _negative;
        private long _positive;
        private float _max;
        private double _negativeMass;
        private double _positiveMass;
        private double _squares;

        public void Add(ReadOnlySpan<float> weights)
        {
            foreach (float w in weights)
            {
                _negative += w < 0 ? 1 : 0;
                _positive += w > 0 ? 1 : 0;
                _negativeMass += w < 0 ? -w : 0;
                _positiveMass += w > 0 ? w : 0;
                _squares += (double)w * w;
                _max = MathF.Max(_max, MathF.Abs(w));
            }
        }

        public void Add(Part other)
        {
            _negative += other._negative;
            _positive += other._positive;
            _negativeMass += other._negativeMass;
            _positiveMass += other._positiveMass;
            _squares += other._squares;
            _max = MathF.Max(_max, other._max);
        }

        /// <summary>Half the width of the histogram: a few root mean squares, since a handful of weights reach far out.</summary>
        public double Range()
        {
            long count = _negative + _positive;
            return count == 0 ? 1 : RangeInDeviations * Math.Sqrt(_squares / count);
        }

        public WeightStatistics ToStatistics(long total, double range, long[] counts)
        {
            double[] edges = [.. Enumerable.Range(0, Bins + 1).Select(b => -range + (2 * range * b / Bins))];
            return new WeightStatistics(total, _negative, _positive, _max, _negativeMass, _positiveMass, edges, counts);
        }
    }
}
