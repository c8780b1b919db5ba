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
        var x = ToDouble(Random(2 * n, n, seed));
        return ToSingle(x.TransposeThisAndMultiply(x) + (Matrix<double>.Build.DenseIdentity(n) * n));
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

    public static Matrix<double> ToDouble(DenseMatrix matrix) =>
        Matrix<double>.Build.Dense(matrix.Rows, matrix.Columns, (i, j) => matrix[i, j]);

    public static DenseMatrix ToSingle(Matrix<double> matrix)
    {
        var single = new DenseMatrix(matrix.RowCount, matrix.ColumnCount);
        for (int i = 0; i < matrix.RowCount; i++)
        {
            for (int j = 0; j < matrix.ColumnCount; j++)
            {
                single[i, j] = (float)matrix[i, j];
            }
        }

        return single;
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
