using Recsys.Engine.Data;

namespace Recsys.Engine.ColdStart;

/// <summary>
/// Tastes for models without factors, straight from the histories: whether a user has each item is taken for a Gaussian
/// vector with the histories' mean μ and covariance C = XᵀX/m − μμᵀ + ρI, the covariance whose inverse is what EASE
/// is made of. An answer about item j makes its entry known, which lessens the variance of all of them together by
/// Σ_i C_ij² / C_jj, and moves their mean (conditioning of a Gaussian). C is never formed: the sums of squares of its
/// columns are counted once, and an answer costs two passes over the histories.
/// </summary>
internal sealed class HistoryTastes : ITastes
{
    // Interactions that are looked at: a sample tells which questions are good.
    private const long MostInteractions = 4_000_000;

    private readonly SparseMatrix _histories;
    private readonly SparseMatrix _users;
    private readonly double[] _mean;
    private readonly double[] _squares;
    private readonly double _ridge;

    public HistoryTastes(SparseMatrix histories)
    {
        _histories = Sample(histories);
        _users = _histories.Transpose();
        int n = _histories.Columns;
        double m = Math.Max(1, _histories.Rows);
        _mean = new double[n];
        for (int i = 0; i < n; i++)
        {
            _mean[i] = _users.RowLength(i) / m;
        }

        // As if each item had been met by one user more, alone.
        _ridge = 1 / m;
        _squares = new double[n];
        var column = new double[n];
        for (int i = 0; i < n; i++)
        {
            if (_users.RowLength(i) > 0)
            {
                Covariances(i, column);
                _squares[i] = SumOfSquares(column);
            }
        }
    }

    public int Items => _mean.Length;

    public ITasteBelief Begin() => new Belief(this);

    /// <summary>Likes only, of users at even distances where there are too many.</summary>
    private static SparseMatrix Sample(SparseMatrix histories)
    {
        int step = (int)Math.Max(1, histories.Count / MostInteractions);
        var offsets = new List<long> { 0 };
        var columns = new List<int>();
        for (int u = 0; u < histories.Rows; u += step)
        {
            var row = histories.Row(u);
            var weights = histories.RowValues(u);
            for (int e = 0; e < row.Length; e++)
            {
                if (weights.IsEmpty || weights[e] > 0)
                {
                    columns.Add(row[e]);
                }
            }

            offsets.Add(columns.Count);
        }

        return new SparseMatrix(offsets.Count - 1, histories.Columns, [.. offsets], [.. columns]);
    }

    private static double SumOfSquares(ReadOnlySpan<double> x)
    {
        double sum = 0;
        foreach (double value in x)
        {
            sum += value * value;
        }

        return sum;
    }

    /// <summary>Column <paramref name="item"/> of C.</summary>
    private void Covariances(int item, Span<double> column)
    {
        double m = Math.Max(1, _histories.Rows);
        for (int i = 0; i < column.Length; i++)
        {
            column[i] = -_mean[item] * _mean[i];
        }

        foreach (int user in _users.Row(item))
        {
            foreach (int other in _histories.Row(user))
            {
                column[other] += 1 / m;
            }
        }

        column[item] += _ridge;
    }

    /// <summary>C x.</summary>
    private double[] Multiply(double[] x)
    {
        double m = Math.Max(1, _histories.Rows);
        double along = 0;
        for (int i = 0; i < x.Length; i++)
        {
            along += _mean[i] * x[i];
        }

        var product = new double[x.Length];
        for (int u = 0; u < _histories.Rows; u++)
        {
            var row = _histories.Row(u);
            double sum = 0;
            foreach (int i in row)
            {
                sum += x[i];
            }

            sum /= m;
            foreach (int i in row)
            {
                product[i] += sum;
            }
        }

        for (int i = 0; i < x.Length; i++)
        {
            product[i] += (_ridge * x[i]) - (along * _mean[i]);
        }

        return product;
    }

    private sealed class Belief(HistoryTastes tastes) : ITasteBelief
    {
        private readonly double[] _mean = (double[])tastes._mean.Clone();
        private readonly double[] _squares = (double[])tastes._squares.Clone();
        private readonly double[] _own = [.. tastes._mean.Select(p => (p * (1 - p)) + tastes._ridge)];

        // Directions that answers have taken out of C: C − Σ u uᵀ.
        private readonly List<double[]> _known = [];

        public void Learn(int item, Answer answer)
        {
            var u = new double[_mean.Length];
            tastes.Covariances(item, u);
            foreach (double[] direction in _known)
            {
                Add(u, -direction[item], direction);
            }

            // An answer given twice has no variance left.
            if (u[item] <= tastes._ridge * 1e-6)
            {
                return;
            }

            double root = Math.Sqrt(u[item]);
            double surprise = ((answer == Answer.Like ? 1 : 0) - _mean[item]) / root;
            for (int i = 0; i < u.Length; i++)
            {
                u[i] /= root;
                _mean[i] += surprise * u[i];
                _own[i] = Math.Max(0, _own[i] - (u[i] * u[i]));
            }

            // ‖C e_j − u u_j‖² = ‖C e_j‖² − 2 u_j (Cu)_j + u_j² ‖u‖².
            double[] image = tastes.Multiply(u);
            foreach (double[] direction in _known)
            {
                Add(image, -Dot(direction, u), direction);
            }

            double length = SumOfSquares(u);
            for (int i = 0; i < u.Length; i++)
            {
                _squares[i] = Math.Max(0, _squares[i] - (2 * u[i] * image[i]) + (u[i] * u[i] * length));
            }

            _known.Add(u);
        }

        public void Information(Span<float> information)
        {
            for (int i = 0; i < information.Length; i++)
            {
                information[i] = _own[i] > tastes._ridge * 1e-6 ? (float)(_squares[i] / _own[i]) : 0;
            }
        }

        public void Chances(Span<float> chances)
        {
            for (int i = 0; i < chances.Length; i++)
            {
                chances[i] = (float)Math.Clamp(_mean[i], 0, 1);
            }
        }

        private static void Add(double[] y, double a, double[] x)
        {
            for (int i = 0; i < y.Length; i++)
            {
                y[i] += a * x[i];
            }
        }

        private static double Dot(double[] x, double[] y)
        {
            double sum = 0;
            for (int i = 0; i < x.Length; i++)
            {
                sum += x[i] * y[i];
            }

            return sum;
        }
    }
}
