using FsCheck;
using FsCheck.Fluent;
using Recsys.Engine.Data;

namespace Recsys.Engine.Tests.Data;

public sealed class SparseMatrixTests
{
    [Theory]
    [InlineData(new long[] { 0, 5, 2 }, new[] { 0, 1 })]
    [InlineData(new long[] { 0, 2, 1 }, new[] { 0 })]
    [InlineData(new long[] { 1, 1, 2 }, new[] { 0, 1 })]
    [InlineData(new long[] { 0, 2 }, new[] { 0, 1 })]
    [InlineData(new long[] { 0, 1, 2 }, new[] { 0, 3 })]
    [InlineData(new long[] { 0, 1, 2 }, new[] { -1, 0 })]
    [InlineData(new long[] { 0, 2, 2 }, new[] { 1, 1 })]
    public void Arrays_that_describe_no_matrix_are_refused(long[] offsets, int[] columns) =>
        Assert.Throws<RecsysException>(() => new SparseMatrix(2, 3, offsets, columns));

    [Fact]
    public void Transposing_twice_gives_the_same_matrix() => Prop.ForAll(
        Gen.Choose(0, 1).ArrayOf(48).ToArbitrary(),
        cells =>
        {
            var offsets = new long[7];
            var columns = new List<int>();
            for (int r = 0; r < 6; r++)
            {
                columns.AddRange(Enumerable.Range(0, 8).Where(c => cells[(r * 8) + c] == 1));
                offsets[r + 1] = columns.Count;
            }

            var matrix = new SparseMatrix(6, 8, offsets, [.. columns], [.. columns.Select((c, e) => c + (e / 100f))]);
            var transposed = matrix.Transpose();
            var again = transposed.Transpose();
            return transposed.Rows == 8
                && transposed.Count == matrix.Count
                && again.Offsets.SequenceEqual(matrix.Offsets)
                && again.AllColumns.SequenceEqual(matrix.AllColumns)
                && again.AllValues.SequenceEqual(matrix.AllValues);
        }).QuickCheckThrowOnFailure();
}
