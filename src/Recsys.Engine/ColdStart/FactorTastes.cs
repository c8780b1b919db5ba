using Recsys.Engine.Logistic;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.ColdStart;

/// <summary>
/// Tastes as factors: p is Gaussian with the mean μ and covariance V of the trained users' factors, and whether the user
/// has item j is q_j·p plus noise of variance σ². An answer y is a rank-one step of the posterior,
/// V ← V − z zᵀ/d and μ ← μ + z (y − q_j·μ)/d with z = Vq_j, d = q_jᵀz + σ² (Sherman and Morrison). It raises
/// log det V⁻¹ by log(1 + q_jᵀVq_j / σ²): the D-optimal question is the one where that is greatest (Chaloner and Verdinelli
/// 1995, §2.2). Costs two passes over the items' factors an answer.
/// </summary>
/// <remarks>
/// The prior is the population's, not the ridge of the training loss, by which everybody begins as one who likes nothing:
/// with it answers say little about what else a user knows, and questions were no better than the most popular items.
/// </remarks>
internal sealed unsafe class FactorTastes : ITastes
{
    // The part of "has it or not" that factors leave open. Between 0.02 and 0.3 the questions are equally good.
    private const double Noise = 0.1;
    private const int RowsAtATime = 2048;

    private readonly DenseMatrix _items;
    private readonly double[] _mean;
    private readonly double[] _covariance;
    private readonly float[] _variances;

    /// <param name="users">Trained users' factors; rows of zeros are nobody's.</param>
    /// <param name="items">Items' factors; to be kept alive and unchanged.</param>
    public FactorTastes(DenseMatrix users, DenseMatrix items)
    {
        _items = items;
        int k = items.Columns;
        (_mean, _covariance) = Moments(users, k);
        _variances = new float[items.Rows];
        using var covariance = new DenseMatrix(k, k);
        for (int i = 0; i < k; i++)
        {
            for (int j = 0; j < k; j++)
            {
                covariance[i, j] = (float)_covariance[(i * k) + j];
            }
        }

        using var images = new DenseMatrix(Math.Min(RowsAtATime, items.Rows), k);
        for (int first = 0; first < items.Rows; first += RowsAtATime)
        {
            int count = Math.Min(RowsAtATime, items.Rows - first);
            var rows = Window(items, first, count);
            Gemm.Multiply(1, rows, covariance, 0, Window(images, 0, count));
            for (int r = 0; r < count; r++)
            {
                _variances[first + r] = Math.Max(0, FactorKernels.Dot(items.RowPointer(first + r), images.RowPointer(r), items.Stride));
            }
        }
    }

    public int Items => _items.Rows;

    public ITasteBelief Begin() => new Belief(this);

    /// <summary>Dot products of a vector with the factors of all items.</summary>
    private void Project(ReadOnlySpan<double> vector, Span<float> dots)
    {
        int width = _items.Stride;
        float* start = stackalloc float[width + 16];
        float* x = (float*)(((nint)start + 63) & ~63);
        for (int f = 0; f < width; f++)
        {
            x[f] = f < vector.Length ? (float)vector[f] : 0;
        }

        for (int i = 0; i < dots.Length; i++)
        {
            dots[i] = FactorKernels.Dot(x, _items.RowPointer(i), width);
        }

        GC.KeepAlive(_items);
    }

    private static MatrixView Window(DenseMatrix matrix, int first, int count) =>
        new(matrix.RowPointer(first), count, matrix.Columns, matrix.Stride);

    private static (double[] Mean, double[] Covariance) Moments(DenseMatrix users, int k)
    {
        var mean = new double[k];
        int count = 0;
        for (int u = 0; u < users.Rows; u++)
        {
            var row = users.Row(u);
            count += row.ContainsAnyExcept(0f) ? 1 : 0;
            for (int i = 0; i < k; i++)
            {
                mean[i] += row[i];
            }
        }

        using var moments = new DenseMatrix(k, k);
        MatrixView all = users;
        Gemm.Multiply(1, all.Transposed, all, 0, moments);
        var covariance = new double[k * k];
        for (int i = 0; i < k && count > 0; i++)
        {
            for (int j = 0; j < k; j++)
            {
                covariance[(i * k) + j] = ((moments[i, j] + moments[j, i]) / (2.0 * count)) - (mean[i] / count * (mean[j] / count));
            }
        }

        return (Array.ConvertAll(mean, x => x / Math.Max(1, count)), covariance);
    }

    private sealed class Belief(FactorTastes tastes) : ITasteBelief
    {
        private readonly int _k = tastes._items.Columns;
        private readonly double[] _mean = (double[])tastes._mean.Clone();
        private readonly double[] _covariance = (double[])tastes._covariance.Clone();
        private readonly float[] _variances = (float[])tastes._variances.Clone();
        private readonly float[] _along = new float[tastes.Items];

        public void Learn(int item, Answer answer)
        {
            var q = tastes._items.Row(item);
            var z = new double[_k];
            double expected = 0;
            for (int i = 0; i < _k; i++)
            {
                SymmetricEigen.Axpy(q[i], _covariance.AsSpan(i * _k, _k), z);
                expected += q[i] * _mean[i];
            }

            double spread = Noise;
            for (int i = 0; i < _k; i++)
            {
                spread += z[i] * q[i];
            }

            SymmetricEigen.Axpy(((answer == Answer.Like ? 1 : 0) - expected) / spread, z, _mean);
            for (int i = 0; i < _k; i++)
            {
                SymmetricEigen.Axpy(-z[i] / spread, z, _covariance.AsSpan(i * _k, _k));
            }

            tastes.Project(z, _along);
            for (int i = 0; i < _variances.Length; i++)
            {
                _variances[i] = Math.Max(0, _variances[i] - (_along[i] * _along[i] / (float)spread));
            }
        }

        public void Information(Span<float> information)
        {
            for (int i = 0; i < information.Length; i++)
            {
                information[i] = MathF.Log(1 + (_variances[i] / (float)Noise));
            }
        }

        public void Chances(Span<float> chances)
        {
            tastes.Project(_mean, chances);
            for (int i = 0; i < chances.Length; i++)
            {
                chances[i] = Math.Clamp(chances[i], 0, 1);
            }
        }
    }
}
