using MathNet.Numerics.LinearAlgebra;
using Recsys.Engine.Compute;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Tests.Numerics;

/// <summary>
/// What EASE needs of the inverse: B_ij = −P_ij / P_jj within 5e-6 of float64, relative in the Frobenius norm, on
/// matrices as badly conditioned as interaction data make them.
/// </summary>
public sealed class EaseAccuracyTests
{
    [Theory]
    [InlineData(300, 1500, 100, 5e-6)]
    [InlineData(300, 1500, 1, 5e-6)]
    [InlineData(300, 240, 10, 5e-6)]
    [InlineData(300, 240, 0.5, 5e-5)] // fewer users than items and hardly a λ: a condition of 10⁵
    public void The_weights_are_those_of_double_precision(int items, int users, double lambda, double bound) =>
        Check(items, users, lambda, bound);

    [Fact]
    [Trait("Category", "Long")]
    public void The_weights_of_two_thousand_items_are_those_of_double_precision() => Check(2048, 4000, 30, 5e-6);

    private static void Check(int items, int users, double lambda, double bound)
    {
        using var gram = Oracle.EaseGram(items, users, lambda, 1);
        var exact = Oracle.ToDouble(gram).Cholesky().Solve(Matrix<double>.Build.DenseIdentity(items));
        using var pool = new ComputePool(2);
        foreach (var level in Enum.GetValues<SimdLevel>())
        {
            using var p = Oracle.Copy(gram);
            SpdInverse.Invert(p, pool, level);
            double error = 0;
            double norm = 0;
            for (int i = 0; i < items; i++)
            {
                for (int j = 0; j < items; j++)
                {
                    double weight = i == j ? 0 : -exact[i, j] / exact[j, j];
                    double ours = i == j ? 0 : -p[i, j] / p[j, j];
                    error += (ours - weight) * (ours - weight);
                    norm += weight * weight;
                }
            }

            Assert.InRange(Math.Sqrt(error / norm), 0, bound);
        }
    }
}
