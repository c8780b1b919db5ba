using MathNet.Numerics.LinearAlgebra;
using Recsys.Engine.Data;
using Recsys.Engine.Slim;
using Recsys.Engine.Tests.Ease;

namespace Recsys.Engine.Tests.Slim;

/// <summary>
/// The elastic net of one item on the others in double precision, by a way that shares nothing with the trainer:
/// proximal gradient steps on residuals of the users, no Gram matrix, no working set.
/// </summary>
internal sealed class ElasticNetOracle(SparseMatrix interactions, SlimOptions options)
{
    private readonly Matrix<double> _x = EaseTestData.ToMatrix(interactions);

    /// <summary>The weights of column <paramref name="j"/> after many steps.</summary>
    public Vector<double> Solve(int j, int steps = 20_000)
    {
        var x = _x.Clone();
        x.ClearColumn(j);
        var target = _x.Column(j);

        // A step of 1/L, L an upper bound of the largest eigenvalue of XᵀX + L2·I.
        double step = 1 / ((x.L2Norm() * x.L2Norm()) + options.L2);
        var w = Vector<double>.Build.Dense(x.ColumnCount);
        for (int s = 0; s < steps; s++)
        {
            var before = w;
            var gradient = x.TransposeThisAndMultiply((x * w) - target) + (options.L2 * w);
            w = (w - (step * gradient)).Map(v => Shrink(v, step * options.L1));
            w[j] = 0;
            if ((w - before).InfinityNorm() < 1e-12)
            {
                break;
            }
        }

        return w;
    }

    /// <summary>
    /// How far a column is from satisfying the conditions of Karush, Kuhn and Tucker: the largest |gradient of the smooth
    /// part + its subgradient of the penalty| that is not zero but should be, in units of G_ii + L2.
    /// </summary>
    public double Violation(Vector<double> w, int j)
    {
        var residual = _x.Column(j) - (_x * w);
        double worst = Math.Abs(w[j]);
        for (int i = 0; i < w.Count; i++)
        {
            if (i == j)
            {
                continue;
            }

            var column = _x.Column(i);
            double pull = (column * residual) - (options.L2 * w[i]);
            double wrong = w[i] > 0 ? Math.Abs(pull - options.L1)
                : w[i] < 0 ? (options.NonNegative ? double.PositiveInfinity : Math.Abs(pull + options.L1))
                : Math.Max(0, (options.NonNegative ? pull : Math.Abs(pull)) - options.L1);
            worst = Math.Max(worst, wrong / Math.Max(1e-9, (column * column) + options.L2));
        }

        return worst;
    }

    private double Shrink(double value, double by) =>
        value > by ? value - by : !options.NonNegative && value < -by ? value + by : 0;
}
