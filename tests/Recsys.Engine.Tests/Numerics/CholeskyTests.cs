using Recsys.Engine.Compute;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Tests.Numerics;

public sealed class CholeskyTests
{
    private static readonly SimdLevel[] Levels = Enum.GetValues<SimdLevel>();

    public static TheoryData<int> Sizes() => [.. Oracle.Sizes, 64, 65, 128, 129];

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Factor_and_solution_agree_with_double_precision(int n)
    {
        using var a = Oracle.SymmetricPositiveDefinite(n, n);
        using var b = Oracle.Random(n, 5, 1);
        var oracle = Oracle.ToDouble(a).Cholesky();
        var expected = oracle.Solve(Oracle.ToDouble(b));
        var lower = oracle.Factor;
        using var pool = new ComputePool(2);
        foreach (var level in Levels)
        {
            using var factor = Oracle.Copy(a);
            Cholesky.Factor(factor, pool, level);
            double worst = 0;
            for (int i = 0; i < n; i++)
            {
                for (int j = 0; j <= i; j++)
                {
                    worst = Math.Max(worst, Math.Abs(factor[i, j] - lower[i, j]) / lower[i, i]);
                }

                // What stands above the diagonal is not written.
                Assert.True(factor.Row(i)[(i + 1)..].SequenceEqual(a.Row(i)[(i + 1)..]));
            }

            Assert.InRange(worst, 0, 1e-6);
            using var x = Oracle.Copy(b);
            Cholesky.Solve(factor, x, pool, level);
            Assert.InRange(Oracle.RelativeError(expected, x), 0, 1e-6);
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(63, 7)]
    [InlineData(130, 200)]
    [InlineData(300, 1)]
    public void Triangular_systems_agree_with_double_precision(int n, int m)
    {
        using var l = Oracle.Random(n, n, 1);
        using var b = Oracle.Random(n, m, 2);
        for (int i = 0; i < n; i++)
        {
            l[i, i] = 4 + (n / 10f);
        }

        var triangle = Oracle.ToDouble(l).LowerTriangle();
        var right = Oracle.ToDouble(b);
        foreach (var level in Levels)
        {
            foreach (bool transposed in new[] { false, true })
            {
                using var x = Oracle.Copy(b);
                TriangularSolve.SolveLower(l, x, transposed, null, level);
                var product = (transposed ? triangle.Transpose() : triangle) * Oracle.ToDouble(x);
                Assert.InRange((product - right).FrobeniusNorm() / right.FrobeniusNorm(), 0, 1e-6);
            }
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(7)]
    public void The_bits_do_not_depend_on_the_threads(int threads)
    {
        using var one = Oracle.SymmetricPositiveDefinite(700, 5);
        using var many = Oracle.Copy(one);
        using var team = new ComputePool(threads);
        Cholesky.Factor(one);
        Cholesky.Factor(many, team);
        Assert.True(one.Buffer.AsSpan().SequenceEqual(many.Buffer.AsSpan()));
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(300, 131)]
    [InlineData(300, 299)]
    public void A_matrix_that_is_not_positive_definite_names_the_pivot(int n, int pivot)
    {
        using var a = Oracle.SymmetricPositiveDefinite(n, 3);
        a[pivot, pivot] = -1;
        Assert.Equal(pivot, Assert.Throws<NotPositiveDefiniteException>(() => Cholesky.Factor(a)).Pivot);
    }

    [Fact]
    public void Wrong_shapes_and_zero_diagonals_are_refused()
    {
        using var oblong = new DenseMatrix(3, 4);
        using var empty = new DenseMatrix(0, 0);
        using var zero = new DenseMatrix(3, 3);
        using var b = new DenseMatrix(3, 2);
        Assert.Throws<RecsysException>(() => Cholesky.Factor(oblong));
        Assert.Throws<RecsysException>(() => Cholesky.Factor(empty));
        Assert.Throws<RecsysException>(() => Cholesky.Solve(zero, b));
        Assert.Throws<RecsysException>(() => TriangularSolve.SolveLower(oblong, b));
    }

    [Fact]
    public void Progress_reaches_the_last_row_and_cancelling_stops_the_work()
    {
        using var a = Oracle.SymmetricPositiveDefinite(200, 3);
        using var b = Oracle.Copy(a);
        using var source = new CancellationTokenSource();
        var progress = new Recorder(null);
        Cholesky.Factor(a, null, progress, source.Token);
        Assert.Equal(200, progress.Reports[^1].Done);
        Assert.Equal(200, progress.Reports[^1].Total);
        Assert.ThrowsAny<OperationCanceledException>(() => Cholesky.Factor(b, null, new Recorder(source), source.Token));
    }

    private sealed class Recorder(CancellationTokenSource? cancelAtOnce) : IProgress<TrainingProgress>
    {
        public List<TrainingProgress> Reports { get; } = [];

        public void Report(TrainingProgress value)
        {
            Reports.Add(value);
            cancelAtOnce?.Cancel();
        }
    }
}
