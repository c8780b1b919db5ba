using Recsys.Engine.Models;
using Recsys.Engine.Numerics;
using Recsys.Engine.Serving;

namespace Recsys.Engine.Tests.Serving;

public sealed class RowSumScorerTests
{
    private static SimdLevel[] Levels => Enum.GetValues<SimdLevel>();

    [Fact]
    public void Sums_are_those_of_double_precision_up_to_rounding_at_every_width()
    {
        foreach (var (columns, history) in new[] { (1, 1), (17, 3), (33, 4), (257, 5), (1000, 0), (16_384, 7), (16_401, 6), (40_000, 9) })
        {
            var (matrix, rows, weights) = Case(columns, history);
            using (matrix)
            {
                foreach (var level in Levels)
                {
                    var scores = new float[columns];
                    RowSumScorer.Score(new RowSumScorer.Source(matrix), rows, weights, scores, level);
                    for (int c = 0; c < columns; c++)
                    {
                        double exact = 0, magnitudes = 0;
                        for (int e = 0; e < rows.Length; e++)
                        {
                            exact += (double)weights[e] * matrix[rows[e], c];
                            magnitudes += Math.Abs((double)weights[e] * matrix[rows[e], c]);
                        }

                        double bound = (history + 1) * Math.Pow(2, -24) * magnitudes;
                        Assert.InRange(scores[c] - exact, -bound, bound);
                    }
                }
            }
        }
    }

    [Fact]
    public void Every_width_gives_the_same_bits_and_rounded_copies_the_sums_of_their_elements()
    {
        foreach (int columns in new[] { 1, 31, 33, 515, 20_000 })
        {
            var (matrix, rows, weights) = Case(columns, 6);
            using (matrix)
            using (var rounded = new BFloat16Matrix(matrix))
            using (var bytes = new Int8Matrix(matrix))
            {
                var expected = new float[columns];
                var expectedRounded = new float[columns];
                var expectedBytes = new float[columns];
                for (int c = 0; c < columns; c++)
                {
                    for (int e = 0; e < rows.Length; e++)
                    {
                        Assert.InRange(rounded[rows[e], c] - matrix[rows[e], c], -Math.Abs(matrix[rows[e], c]) / 256, Math.Abs(matrix[rows[e], c]) / 256);
                        expected[c] = MathF.FusedMultiplyAdd(matrix[rows[e], c], weights[e], expected[c]);
                        expectedRounded[c] = MathF.FusedMultiplyAdd(rounded[rows[e], c], weights[e], expectedRounded[c]);
                        expectedBytes[c] = MathF.FusedMultiplyAdd(
                            bytes.Element(rows[e], c), weights[e] * bytes.Scales[rows[e], c / Int8Matrix.Group], expectedBytes[c]);
                    }
                }

                foreach (var level in Levels)
                {
                    var scores = new float[columns];
                    RowSumScorer.Score(new RowSumScorer.Source(matrix), rows, weights, scores, level);
                    Assert.Equal(expected, scores);
                    RowSumScorer.Score(new RowSumScorer.Source(rounded), rows, weights, scores, level);
                    Assert.Equal(expectedRounded, scores);
                    RowSumScorer.Score(new RowSumScorer.Source(bytes), rows, weights, scores, level);
                    Assert.Equal(expectedBytes, scores);
                }
            }
        }
    }

    [Fact]
    public void The_best_are_those_of_the_sums_under_every_filter()
    {
        var random = new Random(8);
        foreach (int columns in new[] { 1, 70, 1000, 20_000, 33_000 })
        {
            var (matrix, rows, _) = Case(columns, 5);
            using (matrix)
            using (var rounded = new BFloat16Matrix(matrix))
            {
                var words = new ulong[(columns + 63) / 64];
                random.NextBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(words.AsSpan()));
                int[] exclude = [.. Enumerable.Range(0, columns).Where(_ => random.Next(5) == 0)];
                foreach (var filter in new[] { ItemFilter.Default, new ItemFilter { KeepSeen = true }, new ItemFilter { Allowed = words, Exclude = exclude } })
                {
                    foreach (var source in new[] { new RowSumScorer.Source(matrix), new RowSumScorer.Source(rounded) })
                    {
                        var scores = new float[columns];
                        RowSumScorer.Score(source, rows, [], scores, SimdLevel.Portable);
                        var expected = TopNOracle.Select(scores, rows, filter, 25);
                        foreach (var level in Levels)
                        {
                            var results = new ScoredItem[25];
                            int count = RowSumScorer.Top(source, rows, [], filter, results, level);
                            Assert.Equal(expected, results[..count]);
                        }
                    }
                }
            }
        }
    }

    [Fact]
    public void A_wrong_row_or_number_of_weights_is_an_error()
    {
        using var matrix = new DenseMatrix(3, 5);
        Assert.Throws<ArgumentOutOfRangeException>(() => RowSumScorer.Score(matrix, [3], [], new float[5]));
        Assert.Throws<ArgumentOutOfRangeException>(() => RowSumScorer.Top(matrix, [-1], [], ItemFilter.Default, new ScoredItem[5]));
        Assert.Throws<ArgumentException>(() => RowSumScorer.Score(matrix, [1, 2], [1], new float[5]));
        Assert.Throws<ArgumentException>(() => RowSumScorer.Score(matrix, [1], [], new float[4]));
        Assert.Equal(0, RowSumScorer.Top(matrix, [1], [], ItemFilter.Default, []));
    }

    [Fact]
    public void Rounding_is_to_the_nearest_bfloat16_ties_to_even()
    {
        Assert.Equal(0x3F80, BFloat16.FromSingle(1f));
        Assert.Equal(0x3F80, BFloat16.FromSingle(1f + (1f / 256)));
        Assert.Equal(0x3F82, BFloat16.FromSingle(1f + (3f / 256)));
        Assert.Equal(0x3F81, BFloat16.FromSingle(1f + (1f / 256) + (1f / 65536)));
        Assert.Equal(0xBF80, BFloat16.FromSingle(-1f));
        Assert.Equal(0x7F80, BFloat16.FromSingle(float.PositiveInfinity));
        Assert.True(float.IsNaN(BFloat16.ToSingle(BFloat16.FromSingle(float.NaN))));
        Assert.Equal(float.Epsilon * 65536, BFloat16.ToSingle(BFloat16.FromSingle(float.Epsilon * 65536)));
    }

    // Rows of B for a short history only: the columns are what the kernel blocks over.
    private static (DenseMatrix Matrix, int[] Rows, float[] Weights) Case(int columns, int history)
    {
        int rows = Math.Min(2 * history + 1, columns);
        var random = new Random(columns + history);
        var matrix = new DenseMatrix(rows, columns);
        for (int r = 0; r < rows; r++)
        {
            foreach (ref float x in matrix.Row(r))
            {
                x = (float)(random.NextDouble() - 0.6);
            }
        }

        int[] chosen = [.. Enumerable.Range(0, rows).Where(r => r % 2 == 0).Take(history)];
        return (matrix, chosen, [.. chosen.Select(_ => 0.5f + random.NextSingle())]);
    }
}
