using Recsys.Engine.Numerics;

namespace Recsys.Engine.Tests.Numerics;

public sealed class SymmetricEigenTests
{
    public static TheoryData<int> Sizes => [1, 2, 3, 5, 17, 64, 131];

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Vectors_and_values_make_the_matrix_again(int n)
    {
        var random = new Random(n);
        foreach (var matrix in new[] { Random(n, n, random), Random(n, (n / 3) + 1, random), new double[n * n], Diagonal(n), Blocks(n) })
        {
            var vectors = (double[])matrix.Clone();
            var values = new double[n];
            SymmetricEigen.Decompose(vectors, n, values);
            double scale = Math.Max(1, matrix.Max(Math.Abs)) * n;
            for (int i = 0; i < n; i++)
            {
                for (int j = 0; j < n; j++)
                {
                    double product = 0, inner = 0;
                    for (int h = 0; h < n; h++)
                    {
                        product += values[h] * vectors[(h * n) + i] * vectors[(h * n) + j];
                        inner += vectors[(i * n) + h] * vectors[(j * n) + h];
                    }

                    Assert.Equal(matrix[(i * n) + j], product, 1e-13 * scale);
                    Assert.Equal(i == j ? 1 : 0, inner, 1e-13 * n);
                }
            }
        }
    }

    [Fact]
    public void A_matrix_that_is_not_finite_is_an_error()
    {
        double[] matrix = [1, double.NaN, double.NaN, 2];
        Assert.Throws<RecsysException>(() => SymmetricEigen.Decompose(matrix, 2, new double[2]));
    }

    private static double[] Random(int n, int rank, Random random)
    {
        var a = new double[n * n];
        for (int h = 0; h < rank; h++)
        {
            double[] v = [.. Enumerable.Range(0, n).Select(_ => random.NextDouble() - 0.5)];
            for (int i = 0; i < n; i++)
            {
                for (int j = 0; j < n; j++)
                {
                    a[(i * n) + j] += v[i] * v[j];
                }
            }
        }

        return a;
    }

    private static double[] Diagonal(int n) => [.. Enumerable.Range(0, n * n).Select(x => x % (n + 1) == 0 ? (x % 3) - 1.0 : 0)];

    private static double[] Blocks(int n) =>
        [.. Enumerable.Range(0, n * n).Select(x => x / n / 4 == x % n / 4 ? 1.0 : 0)];
}
