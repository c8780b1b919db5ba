using System.Runtime.Intrinsics;
using FsCheck;
using FsCheck.Fluent;
using MathNet.Numerics.LinearAlgebra;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Tests.Numerics;

/// <summary>The kernels of small systems in all three widths, whatever the processor prefers, against MathNet in double.</summary>
public sealed class SmallSystemTests
{
    private static readonly int[] Sizes = [1, 2, 3, 16, 17, 31, 63, 64, 128, 257];

    [Fact]
    public void Rank_updates_equal_the_product_at_128_bits() => RankUpdates<Ops128, Vector128<float>>();

    [Fact]
    public void Rank_updates_equal_the_product_at_256_bits() => RankUpdates<Ops256, Vector256<float>>();

    [Fact]
    public void Rank_updates_equal_the_product_at_512_bits() => RankUpdates<Ops512, Vector512<float>>();

    [Fact]
    public void Systems_are_solved_at_128_bits() => Systems<Ops128, Vector128<float>>();

    [Fact]
    public void Systems_are_solved_at_256_bits() => Systems<Ops256, Vector256<float>>();

    [Fact]
    public void Systems_are_solved_at_512_bits() => Systems<Ops512, Vector512<float>>();

    [Fact]
    public void Any_system_is_solved_at_512_bits() => AnySystem<Ops512, Vector512<float>>();

    [Fact]
    public void Any_system_is_solved_at_128_bits() => AnySystem<Ops128, Vector128<float>>();

    [Fact]
    public void Products_with_shaped_matrices_at_128_bits() => Products<Ops128, Vector128<float>>();

    [Fact]
    public void Products_with_shaped_matrices_at_256_bits() => Products<Ops256, Vector256<float>>();

    [Fact]
    public void Products_with_shaped_matrices_at_512_bits() => Products<Ops512, Vector512<float>>();

    [Fact]
    public void Sweeps_over_rows_at_128_bits() => Sweeps<Ops128, Vector128<float>>();

    [Fact]
    public void Sweeps_over_rows_at_256_bits() => Sweeps<Ops256, Vector256<float>>();

    [Fact]
    public void Sweeps_over_rows_at_512_bits() => Sweeps<Ops512, Vector512<float>>();

    [Fact]
    public void Rows_are_gathered_transposed_at_128_bits() => Gathers<Ops128, Vector128<float>>();

    [Fact]
    public void Rows_are_gathered_transposed_at_256_bits() => Gathers<Ops256, Vector256<float>>();

    [Fact]
    public void Rows_are_gathered_transposed_at_512_bits() => Gathers<Ops512, Vector512<float>>();

    private static unsafe void RankUpdates<TOps, TVector>()
        where TOps : struct, IVectorOps<TVector>
        where TVector : struct
    {
        foreach (int size in Sizes)
        {
            foreach (int rows in new[] { 0, 1, 5, 48, 63 })
            {
                int n = (size + 15) & ~15, stride = n + 16;
                var random = new Random((size * 100) + rows);
                using var a = new NativeBuffer<float>(n * stride);
                using var v = new NativeBuffer<float>(Math.Max(1, rows) * stride);
                var start = Fill(a, n, stride, n, random);
                var gathered = Fill(v, rows, stride, size, random);
                RankUpdate<TOps, TVector>.Add(a.Pointer, stride, n, v.Pointer, stride, rows);
                for (int i = 0; i < n; i++)
                {
                    for (int j = i; j < n; j++)
                    {
                        double expected = start[i, j];
                        for (int h = 0; h < rows && i < size && j < size; h++)
                        {
                            expected += gathered[h, i] * gathered[h, j];
                        }

                        Assert.Equal(expected, a[(i * stride) + j], 1e-6 * (rows + 8));
                    }

                    for (int j = n; j < stride; j++)
                    {
                        Assert.Equal(0, a[(i * stride) + j]);
                    }
                }
            }
        }
    }

    private static void Systems<TOps, TVector>()
        where TOps : struct, IVectorOps<TVector>
        where TVector : struct
    {
        foreach (int size in Sizes)
        {
            // Like ALS: few strong directions over a small ridge, condition up to about 1e4.
            foreach (double ridge in new[] { 1.0, 1e-2 })
            {
                double error = SolveError<TOps, TVector>(size, size / 2, ridge, new Random(size));
                Assert.True(error <= 2e-6 * (1 + (size / ridge)), $"size {size}, ridge {ridge}: {error:G3}");
            }

            Assert.Equal(-1, Pivot<TOps, TVector>(size, int.MaxValue));
            for (int bad = 0; bad < size; bad += 7)
            {
                Assert.Equal(bad, Pivot<TOps, TVector>(size, bad));
            }
        }
    }

    private static void AnySystem<TOps, TVector>()
        where TOps : struct, IVectorOps<TVector>
        where TVector : struct
    {
        var systems = Gen.Choose(1, 90).Zip(Gen.Choose(0, 200)).Zip(Gen.Choose(0, 1_000_000)).ToArbitrary();
        Prop.ForAll(systems, s =>
        {
            var ((size, rows), seed) = s;
            return SolveError<TOps, TVector>(size, rows, 0.5, new Random(seed)) <= 2e-6 * (2 + rows + size);
        }).QuickCheckThrowOnFailure();
    }

    /// <summary>The relative error of the solution of (ridge·I + VᵀV) x = b.</summary>
    private static unsafe double SolveError<TOps, TVector>(int size, int rows, double ridge, Random random)
        where TOps : struct, IVectorOps<TVector>
        where TVector : struct
    {
        int n = (size + 15) & ~15, stride = n + 16;
        using var a = new NativeBuffer<float>(n * stride);
        using var v = new NativeBuffer<float>(Math.Max(1, rows) * stride);
        using var b = new NativeBuffer<float>(n);
        using var d = new NativeBuffer<float>(n);
        var gathered = Fill(v, rows, stride, size, random);
        var right = Vector<double>.Build.Dense(size);
        for (int i = 0; i < n; i++)
        {
            a[(i * stride) + i] = i < size ? (float)ridge : 1;
            if (i < size)
            {
                right[i] = b[i] = random.NextSingle() - 0.5f;
            }
        }

        RankUpdate<TOps, TVector>.Add(a.Pointer, stride, n, v.Pointer, stride, rows);
        Assert.Equal(-1, SmallCholesky<TOps, TVector>.Factor(a.Pointer, stride, n, d.Pointer));
        SmallCholesky<TOps, TVector>.Solve(a.Pointer, stride, n, d.Pointer, b.Pointer);
        var matrix = Matrix<double>.Build.Dense(size, size, (i, j) => Enumerable.Range(0, rows).Sum(h => gathered[h, i] * gathered[h, j]));
        var expected = (matrix + (Matrix<double>.Build.DenseIdentity(size) * ridge)).Cholesky().Solve(right);
        var actual = Vector<double>.Build.Dense(size, i => b[i]);
        for (int i = size; i < n; i++)
        {
            Assert.Equal(0, b[i]);
        }

        return (expected - actual).L2Norm() / expected.L2Norm();
    }

    /// <summary>The pivot that is refused where element <paramref name="bad"/> of the diagonal is negative.</summary>
    private static unsafe int Pivot<TOps, TVector>(int size, int bad)
        where TOps : struct, IVectorOps<TVector>
        where TVector : struct
    {
        int n = (size + 15) & ~15, stride = n + 16;
        using var a = new NativeBuffer<float>(n * stride);
        using var d = new NativeBuffer<float>(n);
        for (int i = 0; i < n; i++)
        {
            a[(i * stride) + i] = i == bad ? -1e-3f : 2;
        }

        return SmallCholesky<TOps, TVector>.Factor(a.Pointer, stride, n, d.Pointer);
    }

    private static unsafe void Products<TOps, TVector>()
        where TOps : struct, IVectorOps<TVector>
        where TVector : struct
    {
        foreach (int size in Sizes)
        {
            foreach (int rows in new[] { 1, 3, 4, 8, 13, 32 })
            {
                foreach (var shape in Enum.GetValues<MatrixShape>())
                {
                    int k = (size + 15) & ~15;
                    var random = new Random((size * 100) + rows);
                    using var x = new NativeBuffer<float>(rows * k);
                    using var m = new NativeBuffer<float>(k * k);
                    using var y = new NativeBuffer<float>(rows * (k + 16));
                    var left = Fill(x, rows, k, size, random);
                    var right = Fill(m, size, k, size, random);
                    for (int i = 0; i < size; i++)
                    {
                        for (int j = 0; j < size; j++)
                        {
                            if ((shape == MatrixShape.Lower && j > i) || (shape == MatrixShape.Upper && j < i))
                            {
                                m[(i * k) + j] = 0;
                                right[i, j] = 0;
                            }
                        }
                    }

                    SmallProduct<TOps, TVector>.Multiply(x.Pointer, k, rows, m.Pointer, k, k, shape, y.Pointer, k + 16);
                    for (int r = 0; r < rows; r++)
                    {
                        for (int j = 0; j < k + 16; j++)
                        {
                            double expected = j >= size ? 0 : Enumerable.Range(0, size).Sum(l => left[r, l] * right[l, j]);
                            Assert.Equal(expected, y[(r * (k + 16)) + j], 2e-7 * (size + 8));
                        }
                    }
                }
            }
        }
    }

    private static unsafe void Sweeps<TOps, TVector>()
        where TOps : struct, IVectorOps<TVector>
        where TVector : struct
    {
        float** pointers = stackalloc float*[50];
        foreach (int size in Sizes)
        {
            foreach (int n in new[] { 1, 3, 4, 9, 50 })
            {
                int k = (size + 15) & ~15;
                var random = new Random((size * 100) + n);
                using var table = new NativeBuffer<float>(n * k);
                using var p = new NativeBuffer<float>(k);
                using var y = new NativeBuffer<float>(k);
                using var each = new NativeBuffer<float>(4 * (n + 15));
                var rows = Fill(table, n, k, size, random);
                var vector = Fill(p, 1, k, size, random);
                float* offset = each.Pointer, weight = offset + n + 15, dots = weight + n + 15;
                for (int i = 0; i < n; i++)
                {
                    pointers[i] = table.Pointer + ((n - 1 - i) * k);
                    offset[i] = random.NextSingle();
                    weight[i] = random.NextSingle();
                }

                double Dot(int i) => Enumerable.Range(0, size).Sum(c => rows[n - 1 - i, c] * vector[0, c]);
                RowSweep<TOps, TVector>.Apply(pointers, n, k, p.Pointer, offset, weight, dots, y.Pointer);
                RowSweep<TOps, TVector>.Apply(pointers, n, k, p.Pointer, null, weight, dots, y.Pointer);
                RowSweep<TOps, TVector>.Sum(pointers, n, k, offset, y.Pointer);
                for (int c = 0; c < k; c++)
                {
                    double expected = 0;
                    for (int i = 0; i < n && c < size; i++)
                    {
                        expected += 2 * (offset[i] - (weight[i] * Dot(i))) * rows[n - 1 - i, c];
                    }

                    Assert.Equal(expected, y[c], 2e-6 * (n + size));
                }

                new Span<float>(dots, n).Clear();
                RowSweep<TOps, TVector>.Dots(pointers, n, k, p.Pointer, dots);
                for (int i = 0; i < n; i++)
                {
                    Assert.Equal(Dot(i), dots[i], 2e-7 * (size + 8));
                }
            }
        }
    }

    private static unsafe void Gathers<TOps, TVector>()
        where TOps : struct, IVectorOps<TVector>
        where TVector : struct
    {
        float** pointers = stackalloc float*[61];
        foreach (int k in new[] { 16, 48, 128 })
        {
            foreach (int n in new[] { 1, 7, 8, 9, 15, 16, 17, 40, 61 })
            {
                int padded = (n + 15) & ~15, stride = padded + 16;
                var random = new Random((k * 100) + n);
                using var table = new NativeBuffer<float>(n * k);
                using var scale = new NativeBuffer<float>(n);
                using var to = new NativeBuffer<float>(k * stride);
                Fill(table, n, k, k, random);
                Fill(scale, 1, n, n, random);
                to.AsSpan().Fill(7);
                for (int i = 0; i < n; i++)
                {
                    pointers[i] = table.Pointer + (i * k);
                }

                GatherTransposed<TOps, TVector>.Copy(pointers, scale.Pointer, n, k, to.Pointer, stride);
                for (int c = 0; c < k; c++)
                {
                    for (int i = 0; i < stride; i++)
                    {
                        float expected = i < n ? scale[i] * table[(i * k) + c] : i < padded ? 0 : 7;
                        Assert.Equal(expected, to[(c * stride) + i]);
                    }
                }
            }
        }
    }

    private static double[,] Fill(NativeBuffer<float> buffer, int rows, int stride, int columns, Random random)
    {
        var copy = new double[rows, columns];
        for (int r = 0; r < rows; r++)
        {
            for (int c = 0; c < columns; c++)
            {
                copy[r, c] = buffer[(r * stride) + c] = random.NextSingle() - 0.5f;
            }
        }

        return copy;
    }
}
