using Recsys.Engine.Compute;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Tests.Numerics;

public sealed class SpdInverseTests
{
    public static TheoryData<int> Sizes() => [.. Oracle.Sizes, 32, 33, 48, 49, 96, 97, 191, 192, 193];

    [Theory]
    [MemberData(nameof(Sizes))]
    public void The_inverse_agrees_with_double_precision(int n)
    {
        using var source = Oracle.SymmetricPositiveDefinite(n, n);
        int[] columns = Oracle.SomeColumns(n);
        var expected = Oracle.InverseColumns(Oracle.ToDouble(source), columns);
        using var pool = new ComputePool(2);
        foreach (var level in Enum.GetValues<SimdLevel>())
        {
            using var a = Oracle.Copy(source);
            SpoilUpperTriangle(a);
            SpdInverse.Invert(a, pool, level);
            Assert.InRange(Oracle.RelativeError(expected, a, columns), 0, 1e-6);
            AssertSymmetricWithCleanPadding(a);
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(7)]
    public void The_bits_do_not_depend_on_the_threads(int threads)
    {
        using var one = Oracle.SymmetricPositiveDefinite(777, 5);
        using var many = Oracle.SymmetricPositiveDefinite(777, 5);
        using var single = new ComputePool(1);
        using var team = new ComputePool(threads);
        SpdInverse.Invert(one, single);
        SpdInverse.Invert(many, team);
        Assert.True(one.Buffer.AsSpan().SequenceEqual(many.Buffer.AsSpan()));
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(40, 39)]
    [InlineData(300, 0)]
    [InlineData(300, 131)]
    [InlineData(300, 299)]
    public void A_matrix_that_is_not_positive_definite_names_the_pivot(int n, int pivot)
    {
        using var a = Oracle.SymmetricPositiveDefinite(n, 3);
        a[pivot, pivot] = -1;
        using var pool = new ComputePool(2);
        var error = Assert.Throws<NotPositiveDefiniteException>(() => SpdInverse.Invert(a, pool));
        Assert.Equal(pivot, error.Pivot);
        Assert.True(error.Value < 0);
    }

    [Fact]
    public void Not_a_number_never_gets_through()
    {
        using var a = Oracle.SymmetricPositiveDefinite(300, 3);
        a[250, 17] = float.NaN;
        using var pool = new ComputePool(2);
        var error = Assert.Throws<NotPositiveDefiniteException>(() => SpdInverse.Invert(a, pool));
        Assert.Equal(250, error.Pivot);
    }

    [Fact]
    public void Empty_and_oblong_matrices_are_refused()
    {
        using var pool = new ComputePool(1);
        using var empty = new DenseMatrix(0, 0);
        using var oblong = new DenseMatrix(3, 4);
        Assert.Throws<RecsysException>(() => SpdInverse.Invert(empty, pool));
        Assert.Contains("3 x 4", Assert.Throws<RecsysException>(() => SpdInverse.Invert(oblong, pool)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Progress_ends_at_the_total_and_cancelling_stops_the_work()
    {
        using var a = Oracle.SymmetricPositiveDefinite(500, 3);
        using var pool = new ComputePool(2);
        using var source = new CancellationTokenSource();
        var reports = new List<TrainingProgress>();
        SpdInverse.Invert(a, pool, new Reporter(reports.Add), source.Token);
        Assert.Equal(reports[^1].Total, reports[^1].Done);
        Assert.Equal(reports.Count, reports[^1].Total);

        using var b = Oracle.SymmetricPositiveDefinite(500, 3);
        reports.Clear();
        Assert.ThrowsAny<OperationCanceledException>(() => SpdInverse.Invert(
            b,
            pool,
            new Reporter(report =>
            {
                reports.Add(report);
                source.Cancel();
            }),
            source.Token));
        Assert.Single(reports);
    }

    private static void SpoilUpperTriangle(DenseMatrix a)
    {
        for (int i = 0; i < a.Rows; i++)
        {
            a.Row(i)[(i + 1)..].Fill(float.NaN);
        }
    }

    private static void AssertSymmetricWithCleanPadding(DenseMatrix a)
    {
        for (int i = 0; i < a.Rows; i++)
        {
            for (int j = 0; j < i; j++)
            {
                if (a[i, j] != a[j, i])
                {
                    Assert.Fail($"({i}, {j}) is {a[i, j]} and {a[j, i]}");
                }
            }

            for (long j = ((long)i * a.Stride) + a.Columns; j < (long)(i + 1) * a.Stride; j++)
            {
                Assert.Equal(0f, a.Buffer[j]);
            }
        }
    }

    private sealed class Reporter(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report(value);
    }
}
