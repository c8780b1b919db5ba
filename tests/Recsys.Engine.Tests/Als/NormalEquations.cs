using MathNet.Numerics.LinearAlgebra;
using Recsys.Engine.Als;
using Recsys.Engine.Data;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Tests.Als;

/// <summary>The definitions of ALS written out in double with MathNet, pair by pair: the oracle.</summary>
internal static class NormalEquations
{
    public static Matrix<double> ToMatrix(DenseMatrix factors) =>
        Matrix<double>.Build.Dense(factors.Rows, factors.Columns, (r, c) => factors[r, c]);

    /// <summary>The exact factors of one row where the other side's are <paramref name="held"/>.</summary>
    public static Vector<double> Solve(Matrix<double> held, ReadOnlySpan<int> columns, ReadOnlySpan<float> weights, AlsOptions options)
    {
        int k = held.ColumnCount;
        double g = options.UnobservedWeight ?? 1;
        var a = held.TransposeThisAndMultiply(held) * g;
        var b = Vector<double>.Build.Dense(k);
        for (int e = 0; e < columns.Length; e++)
        {
            double f = weights.IsEmpty ? 1 : weights[e];
            var q = held.Row(columns[e]);
            double excess = Alpha(options) * Math.Abs(f);
            a += excess * q.OuterProduct(q);
            if (f > 0)
            {
                // Hu et al.: c = 1 + αf; Rendle et al.: αf, beside α₀ for all pairs.
                b += (options.UnobservedWeight is null ? 1 + excess : excess) * q;
            }
        }

        a += Matrix<double>.Build.DenseIdentity(k) * Ridge(columns.Length, held.RowCount, options);
        return a.Cholesky().Solve(b);
    }

    /// <summary>The loss over all pairs, one by one.</summary>
    public static double Loss(Matrix<double> p, Matrix<double> q, SparseMatrix data, AlsOptions options)
    {
        var scores = p.TransposeAndMultiply(q);
        double loss = 0;
        for (int u = 0; u < data.Rows; u++)
        {
            var columns = data.Row(u);
            var weights = data.RowValues(u);
            int e = 0;
            for (int i = 0; i < data.Columns; i++)
            {
                double s = scores[u, i];
                bool observed = e < columns.Length && columns[e] == i;
                double f = !observed ? 0 : weights.IsEmpty ? 1 : weights[e];
                e += observed ? 1 : 0;
                double r = f > 0 ? 1 : 0;
                loss += options.UnobservedWeight is { } all
                    ? (Alpha(options) * Math.Abs(f) * (r - s) * (r - s)) + (all * s * s)
                    : (1 + (Alpha(options) * Math.Abs(f))) * (r - s) * (r - s);
            }
        }

        var transpose = data.Transpose();
        for (int u = 0; u < data.Rows; u++)
        {
            loss += Ridge(data.RowLength(u), data.Columns, options) * p.Row(u).DotProduct(p.Row(u));
        }

        for (int i = 0; i < data.Columns; i++)
        {
            loss += Ridge(transpose.RowLength(i), data.Rows, options) * q.Row(i).DotProduct(q.Row(i));
        }

        return loss;
    }

    private static double Alpha(AlsOptions options) => options.Alpha ?? (options.UnobservedWeight is null ? 10 : 1);

    private static double Ridge(int n, int others, AlsOptions options) =>
        options.Regularization
        * Math.Pow(n + ((options.UnobservedWeight ?? (1 / Alpha(options))) * others), options.RegularizationExponent);
}
