using Recsys.Engine.Data;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.ColdStart;

/// <summary>
/// Factors of items without clicks from their features (categories, tags, numbers): the ridge regression
/// min Σ_i n_i ‖q_i − q̄ − Wᵀf_i‖² + μ‖W‖² over the items that have factors, n_i the users of item i, whose factors are
/// the surer the more there are, q̄ their weighted mean. A feature vector counts with length 1, so that items with many tags
/// weigh no more than others. Solved by conjugate gradients, all factors side by side: features may be many and sparse.
/// </summary>
public sealed class FeatureRidge
{
    private readonly double[] _weights;
    private readonly double[] _mean;
    private readonly int _k;

    private FeatureRidge(double[] weights, double[] mean, int features)
    {
        _weights = weights;
        _mean = mean;
        _k = mean.Length;
        Features = features;
    }

    /// <summary>Number of features.</summary>
    public int Features { get; }

    /// <summary>Learns from items with factors.</summary>
    /// <param name="features">Items × features; values are what the features are, 1 where there are none.</param>
    /// <param name="factors">Items × k.</param>
    /// <param name="users">Users of each item; items without any are not learned from.</param>
    /// <param name="regularization">μ.</param>
    /// <param name="cancellationToken">Stops learning.</param>
    /// <exception cref="RecsysException">The shapes do not agree.</exception>
    /// <exception cref="InvalidOptionException">μ is not above 0.</exception>
    public static FeatureRidge Fit(
        SparseMatrix features, DenseMatrix factors, ReadOnlySpan<int> users, double regularization = 20, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(factors);
        if (features.Rows != factors.Rows || users.Length != factors.Rows)
        {
            throw new RecsysException($"feature ridge: {features.Rows} items with features, {factors.Rows} with factors, {users.Length} counts");
        }

        if (!(regularization > 0) || !double.IsFinite(regularization))
        {
            throw new InvalidOptionException($"feature ridge: μ is {regularization}; expected a number above 0");
        }

        int k = factors.Columns;
        double[] mean = Mean(factors, users);
        var problem = new Problem(features, users.ToArray(), k, regularization);
        var right = new double[(long)features.Columns * k];
        var residual = new double[k];
        for (int i = 0; i < features.Rows; i++)
        {
            var row = factors.Row(i);
            for (int f = 0; f < k; f++)
            {
                residual[f] = row[f] - mean[f];
            }

            problem.Scatter(i, residual, right);
        }

        return new FeatureRidge(Solve(problem, right, k, cancellationToken), mean, features.Columns);
    }

    /// <summary>The factors of an item of these features; the mean of all items where it has none.</summary>
    /// <param name="features">Its features, indices below <see cref="Features"/>.</param>
    /// <param name="values">What they are, or empty where all are 1.</param>
    /// <param name="factors">Receives k factors.</param>
    public void Predict(ReadOnlySpan<int> features, ReadOnlySpan<float> values, Span<float> factors)
    {
        double scale = Scale(values, features.Length);
        var sum = (double[])_mean.Clone();
        for (int e = 0; e < features.Length; e++)
        {
            double value = scale * (values.IsEmpty ? 1 : values[e]);
            SymmetricEigen.Axpy(value, _weights.AsSpan(features[e] * _k, _k), sum);
        }

        for (int f = 0; f < _k; f++)
        {
            factors[f] = (float)sum[f];
        }
    }

    private static double Scale(ReadOnlySpan<float> values, int count)
    {
        double squares = values.IsEmpty ? count : 0;
        foreach (float value in values)
        {
            squares += (double)value * value;
        }

        return squares > 0 ? 1 / Math.Sqrt(squares) : 0;
    }

    private static double[] Mean(DenseMatrix factors, ReadOnlySpan<int> users)
    {
        var mean = new double[factors.Columns];
        double count = 0;
        for (int i = 0; i < factors.Rows; i++)
        {
            count += users[i];
            var row = factors.Row(i);
            for (int f = 0; f < mean.Length; f++)
            {
                mean[f] += (double)users[i] * row[f];
            }
        }

        return Array.ConvertAll(mean, x => count > 0 ? x / count : 0);
    }

    /// <summary>Conjugate gradients from zero, each column with steps of its own.</summary>
    private static double[] Solve(Problem problem, double[] right, int k, CancellationToken cancellationToken)
    {
        const int mostSteps = 200;
        const double tolerance = 1e-5;
        var solution = new double[right.Length];
        var residual = (double[])right.Clone();
        var direction = (double[])right.Clone();
        double[] squares = Dots(residual, residual, k);
        double[] enough = Array.ConvertAll(squares, s => s * tolerance * tolerance);
        for (int step = 0; step < mostSteps; step++)
        {
            bool done = true;
            for (int f = 0; f < k; f++)
            {
                done &= squares[f] <= enough[f];
            }

            if (done)
            {
                break;
            }

            cancellationToken.ThrowIfCancellationRequested();
            double[] image = problem.Multiply(direction);
            double[] along = Dots(direction, image, k);
            var go = new double[k];
            for (int f = 0; f < k; f++)
            {
                go[f] = squares[f] > enough[f] && along[f] > 0 ? squares[f] / along[f] : 0;
            }

            for (int e = 0; e < solution.Length; e++)
            {
                solution[e] += go[e % k] * direction[e];
                residual[e] -= go[e % k] * image[e];
            }

            double[] now = Dots(residual, residual, k);
            for (int e = 0; e < direction.Length; e++)
            {
                int f = e % k;
                direction[e] = go[f] == 0 ? direction[e] : residual[e] + (now[f] / squares[f] * direction[e]);
            }

            squares = now;
        }

        return solution;
    }

    private static double[] Dots(double[] a, double[] b, int k)
    {
        var dots = new double[k];
        for (int row = 0; row < a.Length; row += k)
        {
            for (int f = 0; f < k; f++)
            {
                dots[f] += a[row + f] * b[row + f];
            }
        }

        return dots;
    }

    /// <summary>FᵀNF + μI.</summary>
    private sealed class Problem(SparseMatrix features, int[] users, int k, double regularization)
    {
        /// <summary>Adds n_i f_i xᵀ.</summary>
        public void Scatter(int item, double[] x, double[] to)
        {
            if (users[item] <= 0)
            {
                return;
            }

            var columns = features.Row(item);
            var values = features.RowValues(item);
            double scale = Scale(values, columns.Length) * users[item];
            for (int e = 0; e < columns.Length; e++)
            {
                SymmetricEigen.Axpy(scale * (values.IsEmpty ? 1 : values[e]), x, to.AsSpan(columns[e] * k, k));
            }
        }

        public double[] Multiply(double[] x)
        {
            var product = new double[x.Length];
            SymmetricEigen.Axpy(regularization, x, product);
            var image = new double[k];
            for (int i = 0; i < features.Rows; i++)
            {
                if (users[i] <= 0)
                {
                    continue;
                }

                Array.Clear(image);
                var columns = features.Row(i);
                var values = features.RowValues(i);
                double scale = Scale(values, columns.Length);
                for (int e = 0; e < columns.Length; e++)
                {
                    SymmetricEigen.Axpy(scale * (values.IsEmpty ? 1 : values[e]), x.AsSpan(columns[e] * k, k), image);
                }

                Scatter(i, image, product);
            }

            return product;
        }
    }
}
