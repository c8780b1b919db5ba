using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Slim;
using Recsys.Engine.Tests.Ease;

namespace Recsys.Engine.Tests.Slim;

public sealed class SparseGramTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Elements_are_those_of_the_product_and_none_is_stored_without_a_common_user(bool weighted)
    {
        var data = EaseTestData.Bookshop(60, 150);
        data = weighted ? EaseTestData.Weighted(data) : data;
        var dense = EaseTestData.ToMatrix(data.Interactions);
        var expected = dense.TransposeThisAndMultiply(dense);
        int n = data.Items.Count;
        using var pool = new ComputePool(2);
        using var gram = Compute(data.Interactions, pool);
        long stored = 0;
        var row = new float[n];
        int[] wanted = [.. Enumerable.Range(0, n).Where(i => i % 3 != 1)];
        int[] few = [2, n / 2, n - 1];
        for (int i = 0; i < n; i++)
        {
            gram.Read(i, row);
            for (int j = 0; j < n; j++)
            {
                Assert.Equal(expected[i, j], row[j]);
                stored += expected[i, j] != 0 ? 1 : 0;
            }

            Assert.Equal(expected[i, i], gram.Diagonal[i]);
            AssertGathered(gram, i, wanted, row);
            AssertGathered(gram, i, few, row);
        }

        Assert.Equal(stored, gram.Elements);
        Assert.True(gram.Elements < SparseGram.BoundElements(data.Interactions));
        Assert.True(gram.Elements < (long)n * n / 2);
    }

    [Fact]
    public void Sums_that_cancel_are_stored_once()
    {
        // 1·1 − 1·1 + 1·1: the sum is zero on its way.
        var data = EaseTestData.FromDense(new double[,] { { 1, 1 }, { 1, -1 }, { 1, 1 } });
        using var pool = new ComputePool(1);
        using var gram = Compute(data.Interactions, pool);
        var row = new float[2];
        gram.Read(0, row);
        Assert.Equal([3f, 1f], row);
        Assert.Equal(4, gram.Elements);
    }

    private static SparseGram Compute(SparseMatrix users, ComputePool pool)
    {
        var items = users.Transpose();
        return SparseGram.Compute(users, items, SparseGram.CountElements(users, items, pool, default), pool, default);
    }

    private static void AssertGathered(SparseGram gram, int row, int[] columns, float[] expected)
    {
        var places = new int[gram.Count];
        Array.Fill(places, columns.Length);
        for (int c = 0; c < columns.Length; c++)
        {
            places[columns[c]] = c;
        }

        var values = new float[columns.Length + 1];
        Array.Fill(values, 7);
        gram.Gather(row, columns, places, values);
        for (int c = 0; c < columns.Length; c++)
        {
            Assert.Equal(expected[columns[c]], values[c]);
        }
    }
}
