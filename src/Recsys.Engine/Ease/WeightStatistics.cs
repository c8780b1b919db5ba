using Recsys.Engine.Compute;
using Recsys.Engine.Data;
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
/// <param name="Counts">Weights in each bin.</param>
public sealed record WeightStatistics(
    long Total,
    long Negative,
    long Positive,
    float MaxMagnitude,
    double NegativeMass,
    double PositiveMass,
    IReadOnlyList<double> Edges,
    IReadOnlyList<long> Counts)
{
    private const int Bins = 60;
    private const double Range = 0.03;
    private const int RowsPerBlock = 64;

    /// <summary>Share of the weights that are negative, in [0, 1].</summary>
    public double NegativeShare => Total == 0 ? 0 : (double)Negative / Total;

    /// <summary>Counts the weights of a dense B whose diagonal is zero.</summary>
    internal static WeightStatistics Measure(DenseMatrix weights, ComputePool pool)
    {
        int n = weights.Rows;
        int blocks = (n + RowsPerBlock - 1) / RowsPerBlock;
        var parts = new Part[blocks];
        pool.Run(blocks, (_, block) =>
        {
            var part = new Part();
            for (int i = block * RowsPerBlock; i < Math.Min(n, (block + 1) * RowsPerBlock); i++)
            {
                part.Add(weights.Row(i), i);
            }

            parts[block] = part;
        });
        return Sum(parts, (long)n * (n - 1));
    }

    /// <summary>Counts the stored weights of a sparse B; those left out count as zero.</summary>
    internal static WeightStatistics Measure(SparseMatrix weights)
    {
        var part = new Part();
        part.Add(weights.AllValues, diagonal: -1);
        return Sum([part], (long)weights.Rows * (weights.Rows - 1));
    }

    private static WeightStatistics Sum(Part[] parts, long total)
    {
        var counts = new long[Bins];
        long negative = 0, positive = 0;
        float max = 0;
        double negativeMass = 0, positiveMass = 0;
        foreach (var part in parts)
        {
            negative += part.Negative;
            positive += part.Positive;
            max = Math.Max(max, part.Max);
            negativeMass += part.NegativeMass;
            positiveMass += part.PositiveMass;
            for (int b = 0; b < Bins; b++)
            {
                counts[b] += part.Counts[b];
            }
        }

        double[] edges = [.. Enumerable.Range(0, Bins + 1).Select(b => -Range + (2 * Range * b / Bins))];
        return new WeightStatistics(total, negative, positive, max, negativeMass, positiveMass, edges, counts);
    }

    private sealed class Part
    {
        public long Negative { get; private set; }

        public long Positive { get; private set; }

        public float Max { get; private set; }

        public double NegativeMass { get; private set; }

        public double PositiveMass { get; private set; }

        public long[] Counts { get; } = new long[Bins];

        public void Add(ReadOnlySpan<float> row, int diagonal)
        {
            const float Scale = (float)(Bins / (2 * Range));
            long negative = 0, positive = 0;
            double negativeMass = 0, positiveMass = 0;
            float max = Max;
            for (int j = 0; j < row.Length; j++)
            {
                float w = row[j];
                if (j == diagonal)
                {
                    continue;
                }

                negative += w < 0 ? 1 : 0;
                positive += w > 0 ? 1 : 0;
                negativeMass += w < 0 ? -w : 0;
                positiveMass += w > 0 ? w : 0;
                max = MathF.Max(max, MathF.Abs(w));
                Counts[Math.Clamp((int)((w + (float)Range) * Scale), 0, Bins - 1)]++;
            }

            Negative += negative;
            Positive += positive;
            NegativeMass += negativeMass;
            PositiveMass += positiveMass;
            Max = max;
        }
    }
}
