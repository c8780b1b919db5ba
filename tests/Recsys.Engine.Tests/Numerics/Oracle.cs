using MathNet.Numerics.LinearAlgebra;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Tests.Numerics;

/// <summary>Double-precision references and matrices of the kinds that the engine meets.</summary>
internal static class Oracle
{
    /// <summary>The sizes every dense operation is tried on.</summary>
    public static readonly int[] Sizes = [1, 2, 3, 17, 63, 257, 1000];

    public static DenseMatrix Random(int rows, int columns, int seed)
    {
        var random = new Random(seed);
        var matrix = new DenseMatrix(rows, columns);
        for (int row = 0; row < rows; row++)
        {
            foreach (ref float value in matrix.Row(row))
            {
                value = (float)((random.NextDouble() * 2) - 1);
            }
        }

        return matrix;
    }

    /// <summary>A well-conditioned SPD matrix: random Gram matrix of 2n rows plus n on the diagonal.</summary>
    public static DenseMatrix SymmetricPositiveDefinite(int n, int seed)
    {
        using var x = Random(n, 2 * n, seed);
        var a = new DenseMatrix(n, n);
        Gemm.Multiply(1, x, ((MatrixView)x).Transposed, 0, a);
        for (int i = 0; i < n; i++)
        {
            a[i, i] += n;
        }

        return a;
    }

    /// <summary>
    /// What EASE inverts: XᵀX + λI of binary interactions with Zipf popularity, whole numbers; the condition number is
    /// about the most popular item's co-counts over λ.
    /// </summary>
    public static DenseMatrix EaseGram(int items, int users, double lambda, int seed)
    {
        var random = new Random(seed);
        var weights = Enumerable.Range(0, items).Select(i => 1.0 / Math.Pow(i + 5, 0.9)).ToArray();
        double scale = 20 / weights.Sum();
        var gram = new DenseMatrix(items, items);
        var row = new List<int>();
        for (int user = 0; user < users; user++)
        {
            row.Clear();
            double activity = Math.Exp(random.NextDouble() * 2);
            for (int item = 0; item < items; item++)
            {
                // Taste: users like items of their own class three times as much.
                double taste = item % 7 == user % 7 ? 3 : 0.67;
                if (random.NextDouble() < weights[item] * scale * activity * taste)
                {
                    row.Add(item);
                }
            }

            foreach (int i in row)
            {
                foreach (int j in row)
                {
                    gram[i, j]++;
                }
            }
        }

        for (int i = 0; i < items; i++)
        {
            gram[i, i] += (float)lambda;
        }

        return gram;
    }

    public static DenseMatrix Copy(DenseMatrix matrix)
    {
        var copy = new DenseMatrix(matrix.Rows, matrix.Columns);
        matrix.Buffer.AsSpan().CopyTo(copy.Buffer.AsSpan());
        return copy;
    }

    public static Matrix<double> ToDouble(DenseMatrix matrix) =>
        Matrix<double>.Build.Dense(matrix.Rows, matrix.Columns, (i, j) => matrix[i, j]);

    /// <summary>All columns of a small inverse, some of a big one (the reference takes long).</summary>
    public static int[] SomeColumns(int n) => n <= 300 ? [.. Enumerable.Range(0, n)] : [0, 1, n / 3, n / 2, n - 2, n - 1];

    /// <summary>Those columns of A⁻¹ in double precision.</summary>
    public static Matrix<double> InverseColumns(Matrix<double> a, int[] columns) =>
        a.Cholesky().Solve(Matrix<double>.Build.Dense(a.RowCount, columns.Length, (i, j) => i == columns[j] ? 1 : 0));

    /// <summary>Frobenius norm of the difference of those columns over that of the expected ones.</summary>
    public static double RelativeError(Matrix<double> expected, DenseMatrix actual, int[] columns)
    {
        var some = Matrix<double>.Build.Dense(actual.Rows, columns.Length, (i, j) => actual[i, columns[j]]);
        return (some - expected).FrobeniusNorm() / expected.FrobeniusNorm();
    }

    /// <summary>Frobenius norm of the difference over that of the expected.</summary>
    public static double RelativeError(Matrix<double> expected, DenseMatrix actual)
    {
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < expected.RowCount; i++)
        {
            for (int j = 0; j < expected.ColumnCount; j++)
            {
                double d = expected[i, j] - actual[i, j];
                difference += d * d;
                norm += expected[i, j] * expected[i, j];
            }
        }

        return Math.Sqrt(difference / norm);
    }
}
