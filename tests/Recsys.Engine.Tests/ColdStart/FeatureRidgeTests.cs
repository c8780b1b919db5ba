using MathNet.Numerics.LinearAlgebra;
using Recsys.Engine.ColdStart;
using Recsys.Engine.Data;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Tests.ColdStart;

public sealed class FeatureRidgeTests
{
    [Fact]
    public void The_prediction_is_that_of_the_normal_equations()
    {
        const int items = 40, d = 7, k = 3;
        const double mu = 2.5;
        var random = new Random(4);
        using var factors = new DenseMatrix(items, k);
        var rows = new List<(int Column, float Value)[]>();
        int[] users = [.. Enumerable.Range(0, items).Select(_ => random.Next(0, 6))];
        for (int i = 0; i < items; i++)
        {
            rows.Add([.. Enumerable.Range(0, d).Where(_ => random.Next(3) == 0).Select(c => (c, (float)(random.NextDouble() + 0.2)))]);
            for (int f = 0; f < k; f++)
            {
                factors[i, f] = (float)random.NextDouble();
            }
        }

        var features = Sparse(rows, d);
        var ridge = FeatureRidge.Fit(features, factors, users, mu);

        var unit = Matrix<double>.Build.Dense(items, d);
        var target = Matrix<double>.Build.Dense(items, k);
        var n = Matrix<double>.Build.DenseDiagonal(items, items, i => users[i]);
        double[] mean = [.. Enumerable.Range(0, k).Select(f => Enumerable.Range(0, items).Sum(i => users[i] * (double)factors[i, f]) / users.Sum())];
        for (int i = 0; i < items; i++)
        {
            double length = Math.Sqrt(rows[i].Sum(r => (double)r.Value * r.Value));
            foreach (var (column, value) in rows[i])
            {
                unit[i, column] = value / length;
            }

            for (int f = 0; f < k; f++)
            {
                target[i, f] = factors[i, f] - mean[f];
            }
        }

        var w = ((unit.Transpose() * n * unit) + (mu * Matrix<double>.Build.DenseIdentity(d))).Solve(unit.Transpose() * n * target);
        for (int i = 0; i < items; i++)
        {
            var expected = unit.Row(i) * w;
            var predicted = new float[k];
            ridge.Predict(features.Row(i), features.RowValues(i), predicted);
            for (int f = 0; f < k; f++)
            {
                Assert.Equal(expected[f] + mean[f], predicted[f], 1e-4);
            }
        }
    }

    [Fact]
    public void An_item_without_features_gets_the_mean_and_items_without_users_teach_nothing()
    {
        using var factors = new DenseMatrix(3, 2);
        (factors[0, 0], factors[1, 0], factors[2, 0]) = (1, 3, 1000);
        var ridge = FeatureRidge.Fit(Sparse([[(0, 1f)], [(1, 1f)], [(0, 1f)]], 2), factors, [1, 1, 0], 1e-6);
        var predicted = new float[2];
        ridge.Predict([], default, predicted);
        Assert.Equal([2, 0], predicted);
        ridge.Predict([0], default, predicted);
        Assert.Equal(1, predicted[0], 1e-3);
    }

    [Fact]
    public void What_does_not_fit_together_is_refused()
    {
        using var factors = new DenseMatrix(2, 2);
        Assert.Throws<RecsysException>(() => FeatureRidge.Fit(Sparse([[(0, 1f)]], 2), factors, [1, 1]));
        Assert.Throws<InvalidOptionException>(() => FeatureRidge.Fit(Sparse([[(0, 1f)], []], 2), factors, [1, 1], 0));
    }

    private static SparseMatrix Sparse(IReadOnlyList<(int Column, float Value)[]> rows, int columns)
    {
        long[] offsets = [0, .. rows.Select((_, i) => rows.Take(i + 1).Sum(r => (long)r.Length))];
        return new SparseMatrix(rows.Count, columns, offsets, [.. rows.SelectMany(r => r.Select(e => e.Column))], [.. rows.SelectMany(r => r.Select(e => e.Value))]);
    }
}
