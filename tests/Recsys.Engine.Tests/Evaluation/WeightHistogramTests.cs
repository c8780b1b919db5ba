using Recsys.Engine.Compute;
using Recsys.Engine.Evaluation;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Tests.Evaluation;

public sealed class WeightHistogramTests
{
    [Fact]
    public void Shares_and_bins_leave_the_diagonal_out()
    {
        using var matrix = Square(3, [9, -1, 0, 2, 9, -0.5f, -0.25f, 1, 9]);
        using var pool = new ComputePool(2);
        var histogram = WeightHistogram.OfOffDiagonal(matrix, pool, 6);
        Assert.Equal(3 / 6.0, histogram.NegativeShare);
        Assert.Equal(1 / 6.0, histogram.ZeroShare);
        Assert.Equal(2 / 6.0, histogram.PositiveShare, 14);
        Assert.Equal([-1, -0.5, 0, 0.5, 1, 1.5, 2], histogram.Edges);
        Assert.Equal([1L, 2, 0, 0, 1, 1], histogram.Counts);
    }

    [Fact]
    public void No_bin_mixes_signs_and_all_weights_are_counted_on_any_number_of_threads()
    {
        var random = new Random(1);
        using var matrix = Square(80, [.. Enumerable.Range(0, 6400).Select(_ => (float)((random.NextDouble() * 0.7) - 0.31))]);
        using var one = new ComputePool(1);
        using var seven = new ComputePool(7);
        var histogram = WeightHistogram.OfOffDiagonal(matrix, one, 33);
        var other = WeightHistogram.OfOffDiagonal(matrix, seven, 33);
        Assert.Equal(histogram.Counts, other.Counts);
        Assert.Equal(histogram.Edges, other.Edges);
        Assert.Equal(80 * 79, histogram.Counts.Sum());
        Assert.Contains(0.0, histogram.Edges);
        long negative = histogram.Counts.Where((_, b) => histogram.Edges[b + 1] <= 0).Sum();
        Assert.Equal(histogram.NegativeShare, negative / (80.0 * 79), 12);
    }

    [Fact]
    public void A_matrix_of_zeros_has_an_empty_histogram()
    {
        using var matrix = new DenseMatrix(4, 4);
        using var pool = new ComputePool(1);
        var histogram = WeightHistogram.OfOffDiagonal(matrix, pool);
        Assert.Equal((0.0, 1.0, 0L), (histogram.NegativeShare, histogram.ZeroShare, histogram.Counts.Sum()));
    }

    private static DenseMatrix Square(int size, float[] values)
    {
        var matrix = new DenseMatrix(size, size);
        for (int r = 0; r < size; r++)
        {
            values.AsSpan(r * size, size).CopyTo(matrix.Row(r));
        }

        return matrix;
    }
}
