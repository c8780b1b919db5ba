using Recsys.Engine.Compute;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Ease;

/// <summary>
/// EASE under B ≥ 0 (Steck 2019, §4.5): for each column j, minimise ½ bᵀGb − G_jᵀb over b ≥ 0, b_j = 0, by cyclic
/// coordinate descent on the Gram matrix. Solutions are sparse, so sweeps visit the positive coordinates until they
/// settle, and all coordinates only to look for new ones.
/// </summary>
internal static class NonNegativeSolver
{
    private const int MaximumRounds = 50;
    private const int MaximumSweeps = 200;
    private const float Tolerance = 1e-5f;

    /// <summary>
    /// Solves all columns.
    /// </summary>
    /// <param name="gram">G = XᵀX + λI, lower triangle read; the upper one is filled in.</param>
    /// <param name="pool">Threads, one column each at a time.</param>
    /// <param name="progress">Told of the columns done.</param>
    /// <param name="cancellationToken">Stops between columns.</param>
    /// <returns>B, n × n, non-negative, zero diagonal.</returns>
    public static DenseMatrix Solve(
        DenseMatrix gram, ComputePool pool, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        int n = gram.Rows;
        Symmetrize(gram);
        var weights = new DenseMatrix(n, n);
        var scratch = new Column[pool.Threads];
        int done = 0;
        try
        {
            pool.Run(
                n,
                (worker, j) =>
                {
                    var column = scratch[worker] ??= new Column(n);
                    column.Solve(gram, j);
                    for (int i = 0; i < n; i++)
                    {
                        weights.Row(i)[j] = column.Solution[i];
                    }

                    int now = Interlocked.Increment(ref done);
                    if (now % 64 == 0 || now == n)
                    {
                        progress?.Report(new TrainingProgress("columns", now, n));
                    }
                },
                cancellationToken);
            return weights;
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    private static void Symmetrize(DenseMatrix matrix)
    {
        for (int i = 0; i < matrix.Rows; i++)
        {
            var row = matrix.Row(i);
            for (int j = 0; j < i; j++)
            {
                matrix.Row(j)[i] = row[j];
            }
        }
    }

    private sealed class Column(int n)
    {
        private readonly float[] _gradient = new float[n];
        private readonly List<int> _active = new(n);

        public float[] Solution { get; } = new float[n];

        /// <summary>The gradient Gb − G_j is kept current: each step costs one row of G.</summary>
        public void Solve(DenseMatrix gram, int j)
        {
            Array.Clear(Solution);
            var target = gram.Row(j);
            for (int i = 0; i < n; i++)
            {
                _gradient[i] = -target[i];
            }

            for (int round = 0; round < MaximumRounds; round++)
            {
                if (!FindActive(gram, j))
                {
                    return;
                }

                for (int sweep = 0; sweep < MaximumSweeps && Sweep(gram) > Tolerance; sweep++)
                {
                }
            }
        }

        /// <summary>All coordinates that are positive or want to be; false when none is new.</summary>
        private bool FindActive(DenseMatrix gram, int j)
        {
            _active.Clear();
            bool anyNew = false;
            for (int i = 0; i < n; i++)
            {
                bool wantsIn = i != j && Solution[i] == 0 && -_gradient[i] > Tolerance * gram.Row(i)[i];
                if (Solution[i] > 0 || wantsIn)
                {
                    _active.Add(i);
                    anyNew |= wantsIn;
                }
            }

            return anyNew;
        }

        private float Sweep(DenseMatrix gram)
        {
            float largest = 0;
            foreach (int i in _active)
            {
                float old = Solution[i];
                float value = MathF.Max(0, old - (_gradient[i] / gram.Row(i)[i]));
                float step = value - old;
                if (step != 0)
                {
                    Solution[i] = value;
                    VectorMath.AddScaled(_gradient, step, gram.Row(i));
                    largest = MathF.Max(largest, MathF.Abs(step));
                }
            }

            return largest;
        }
    }
}
