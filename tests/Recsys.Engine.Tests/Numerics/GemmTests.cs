using FsCheck;
using FsCheck.Fluent;
using MathNet.Numerics.LinearAlgebra;
using Recsys.Engine.Compute;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Tests.Numerics;

public sealed unsafe class GemmTests
{
    private static readonly SimdLevel[] Levels = Enum.GetValues<SimdLevel>();

    public static TheoryData<int, int, int> Shapes()
    {
        var data = new TheoryData<int, int, int>();
        foreach (int n in Oracle.Sizes)
        {
            data.Add(n, n, n);
        }

        foreach (var (m, n, k) in new[] { (1, 1000, 3), (1000, 1, 17), (5, 63, 1000), (241, 33, 385), (8, 32, 384), (7, 4001, 11), (257, 17, 1) })
        {
            data.Add(m, n, k);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void The_product_agrees_with_double_precision_for_every_transposition(int m, int n, int k)
    {
        using var a = Oracle.Random(m, k, 1);
        using var at = Transposed(a);
        using var b = Oracle.Random(k, n, 2);
        using var bt = Transposed(b);
        var expected = Oracle.ToDouble(a) * Oracle.ToDouble(b);
        using var pool = new ComputePool(2);
        foreach (var level in Levels)
        {
            for (int variant = 0; variant < 4; variant++)
            {
                using var c = Oracle.Random(m, n, 3);
                MatrixView left = (variant & 1) == 0 ? a : ((MatrixView)at).Transposed;
                MatrixView right = (variant & 2) == 0 ? b : ((MatrixView)bt).Transposed;
                Gemm.Multiply(1, left, right, 0, c, pool, level);
                AssertClose(expected, c, k);
            }
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 2)]
    [InlineData(17, 400)]
    [InlineData(63, 63)]
    [InlineData(257, 100)]
    [InlineData(1000, 63)]
    [InlineData(3850, 3)]
    public void The_symmetric_product_writes_the_lower_triangle_alone(int n, int k)
    {
        using var a = Oracle.Random(n, k, 1);
        using var before = Oracle.Random(n, n, 2);
        var x = Oracle.ToDouble(a).ToRowArrays();
        using var pool = new ComputePool(2);
        foreach (var level in Levels)
        {
            using var c = Oracle.Copy(before);
            Gemm.SymmetricMultiply(-2, a, 0.5f, c, pool, level);
            // All elements of a small result, a lattice of a big one's.
            int step = n > 100 ? 13 : 1;
            for (int i = 0; i < n; i += step)
            {
                for (int j = 0; j < n; j += step)
                {
                    double expected = j > i ? before[i, j] : (0.5 * before[i, j]) - (2 * x[i].Zip(x[j], (u, v) => u * v).Sum());
                    Assert.InRange(c[i, j], expected - Bound(2 * k), expected + Bound(2 * k));
                }

                Assert.True(c.Row(i)[(i + 1)..].SequenceEqual(before.Row(i)[(i + 1)..]));
            }
        }
    }

    [Fact]
    public void Any_shape_factors_and_strides_give_the_product_and_touch_nothing_else()
    {
        var shapes = from m in Gen.Choose(1, 70)
                     from n in Gen.Choose(1, 70)
                     from k in Gen.Choose(0, 70)
                     from gap in Gen.Choose(0, 5)
                     from alpha in Gen.Elements(1f, -1f, 0.5f)
                     from beta in Gen.Elements(0f, 1f, -2f)
                     from level in Gen.Elements(Levels)
                     select (m, n, k, gap, alpha, beta, level);
        Prop.ForAll(shapes.ToArbitrary(), s =>
        {
            using var a = Oracle.Random(s.m, s.k, s.m);
            using var b = Oracle.Random(s.k, s.n, s.n);
            int stride = s.n + s.gap;
            var memory = new float[(s.m * stride) + 1];
            var random = new Random(s.k);
            for (int i = 0; i < memory.Length; i++)
            {
                memory[i] = (float)random.NextDouble();
            }

            var before = (float[])memory.Clone();
            fixed (float* start = memory)
            {
                // An odd address: nothing but a float's alignment may be assumed.
                var c = new MatrixView(start + 1, s.m, s.n, stride);
                Gemm.Multiply(s.alpha, a, b, s.beta, c, null, s.level);
            }

            for (int at = 0; at < memory.Length; at++)
            {
                int row = (at - 1) / stride;
                int column = (at - 1) % stride;
                if (at == 0 || column >= s.n)
                {
                    Assert.Equal(before[at], memory[at]);
                    continue;
                }

                double expected = s.beta * (double)before[at];
                for (int k = 0; k < s.k; k++)
                {
                    expected += s.alpha * (double)a[row, k] * b[k, column];
                }

                Assert.InRange(memory[at], expected - Bound(s.k + 2), expected + Bound(s.k + 2));
            }
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData(2)]
    [InlineData(7)]
    public void The_bits_do_not_depend_on_the_threads(int threads)
    {
        using var a = Oracle.Random(501, 801, 1);
        using var b = Oracle.Random(801, 603, 2);
        using var one = new DenseMatrix(501, 603);
        using var many = new DenseMatrix(501, 603);
        using var team = new ComputePool(threads);
        Gemm.Multiply(1, a, b, 0, one);
        Gemm.Multiply(1, a, b, 0, many, team);
        Assert.True(one.Buffer.AsSpan().SequenceEqual(many.Buffer.AsSpan()));
        using var square = new DenseMatrix(501, 501);
        using var squareToo = new DenseMatrix(501, 501);
        Gemm.SymmetricMultiply(1, a, 0, square);
        Gemm.SymmetricMultiply(1, a, 0, squareToo, team);
        Assert.True(square.Buffer.AsSpan().SequenceEqual(squareToo.Buffer.AsSpan()));
    }

    [Fact]
    public void An_overwritten_result_may_hold_anything()
    {
        using var a = Oracle.Random(20, 30, 1);
        using var b = Oracle.Random(30, 40, 2);
        using var c = new DenseMatrix(20, 40);
        c.Row(3).Fill(float.NaN);
        Gemm.Multiply(1, a, b, 0, c);
        Assert.All(c.Buffer.AsSpan().ToArray(), value => Assert.True(float.IsFinite(value)));
    }

    [Fact]
    public void Shapes_that_do_not_fit_and_bad_addresses_are_refused()
    {
        using var a = new DenseMatrix(3, 4);
        using var b = new DenseMatrix(5, 6);
        using var c = new DenseMatrix(3, 6);
        using var square = new DenseMatrix(3, 3);
        Assert.Contains("3 x 4 times 5 x 6", Assert.Throws<RecsysException>(() => Gemm.Multiply(1, a, b, 0, c)).Message, StringComparison.Ordinal);
        Assert.Throws<RecsysException>(() => Gemm.SymmetricMultiply(1, a, 0, c));
        Assert.Throws<RecsysException>(() => Gemm.Multiply(1, a, ((MatrixView)a).Transposed, 0, ((MatrixView)square).Transposed));
        Assert.Throws<RecsysException>(() => new MatrixView((float*)((byte*)a.Pointer + 2), 3, 4, 16));
        Assert.Throws<RecsysException>(() => new MatrixView(null, 3, 4, 16));
        Assert.Throws<RecsysException>(() => new MatrixView(a.Pointer, 3, 4, 3));
        Assert.Throws<RecsysException>(() => ((MatrixView)a).Slice(1, 0, 3, 1));
    }

    [Fact]
    public void A_cancelled_product_stops()
    {
        using var a = Oracle.Random(300, 300, 1);
        using var c = new DenseMatrix(300, 300);
        using var pool = new ComputePool(2);
        Assert.ThrowsAny<OperationCanceledException>(() => Gemm.Multiply(1, a, a, 0, c, pool, new CancellationToken(true)));
        Assert.ThrowsAny<OperationCanceledException>(() => Gemm.Multiply(1, a, a, 0, c, null, new CancellationToken(true)));
    }

    // Elements lie in [-1, 1]: each of k fused steps rounds a partial sum of size about √k.
    private static double Bound(int k) => 1.2e-7 * Math.Max(1, k) * Math.Sqrt(Math.Max(1, k));

    private static void AssertClose(Matrix<double> expected, DenseMatrix actual, int k)
    {
        double bound = Bound(k);
        for (int i = 0; i < actual.Rows; i++)
        {
            for (int j = 0; j < actual.Columns; j++)
            {
                if (!(Math.Abs(expected[i, j] - actual[i, j]) <= bound))
                {
                    Assert.Fail($"({i}, {j}): {actual[i, j]} instead of {expected[i, j]}");
                }
            }
        }
    }

    private static DenseMatrix Transposed(DenseMatrix matrix)
    {
        var transposed = new DenseMatrix(matrix.Columns, matrix.Rows);
        for (int i = 0; i < matrix.Rows; i++)
        {
            for (int j = 0; j < matrix.Columns; j++)
            {
                transposed[j, i] = matrix[i, j];
            }
        }

        return transposed;
    }
}
