using System.Diagnostics;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Ease;

/// <summary>
/// EASE in closed form (Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019, eq. 8):
/// G = XᵀX + Λ, P = G⁻¹, B_ij = −P_ij / P_jj, B_jj = 0; Λ = λI unless the options say more (<see cref="EaseDiagonal"/>). One
/// n × n float32 matrix holds G, then P, then B.
/// </summary>
public static class EaseTrainer
{
    private const string WayOut = "use fewer items (a minimum of interactions an item), or a machine with more memory";

    /// <summary>Peak bytes training takes for <paramref name="items"/> items, the data itself not counted.</summary>
    public static long EstimateBytes(int items, EaseOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        long stride = (items + 15L) & ~15L;
        long matrix = items * stride * sizeof(float);
        long panels = Math.Min(items, 4096L) * stride * sizeof(float) / 2;
        long sparse = options.Density < 1 ? (long)(options.Density * items * (double)items) * 8 : 0;
        return ((options.NonNegative == NonNegativeMode.Constrained ? 2 : 1) * matrix) + panels + sparse;
    }

    /// <summary>Trains on X = <paramref name="data"/>.Interactions with its weights.</summary>
    /// <exception cref="InvalidOptionException">An option is out of range.</exception>
    /// <exception cref="NotPositiveDefiniteException">G is not positive definite in float32: raise λ.</exception>
    /// <exception cref="RecsysException">The data is empty, or the matrix does not fit in memory.</exception>
    public static EaseModel Train(
        Dataset data,
        EaseOptions options,
        IProgress<TrainingProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        int n = data.Items.Count;
        if (n == 0 || data.Interactions.Count == 0)
        {
            throw new RecsysException("EASE needs at least one interaction");
        }

        MemoryBudget.Require(EstimateBytes(n, options), $"EASE on {n} items", WayOut);
        var clock = Stopwatch.StartNew();
        using var pool = new ComputePool(options.Threads);
        var matrix = new DenseMatrix(n, n);
        try
        {
            ComputeGram(data.Interactions, matrix, EaseDiagonal.Of(options), options.Partitions, pool, progress, cancellationToken);
            var weights = Solve(matrix, options, pool, progress, cancellationToken);
            return new EaseModel(data, options, weights, clock.Elapsed.TotalSeconds);
        }
        catch
        {
            matrix.Dispose();
            throw;
        }
    }

    /// <summary>B from the lower triangle of G = XᵀX + Λ, in place: the weights own <paramref name="matrix"/> afterwards.</summary>
    internal static EaseWeights Solve(
        DenseMatrix matrix,
        EaseOptions options,
        ComputePool pool,
        IProgress<TrainingProgress>? progress,
        CancellationToken cancellationToken) => options.NonNegative == NonNegativeMode.Constrained
            ? SolveConstrained(matrix, options, pool, progress, cancellationToken)
            : SolveFree(matrix, options, pool, progress, cancellationToken);

    /// <summary>Fills the lower triangle of <paramref name="gram"/> with XᵀX + Λ through the partitions.</summary>
    internal static void ComputeGram(
        SparseMatrix interactions,
        DenseMatrix gram,
        EaseDiagonal diagonal,
        int partitionCount,
        ComputePool pool,
        IProgress<TrainingProgress>? progress,
        CancellationToken cancellationToken)
    {
        var items = interactions.Transpose();
        var partitions = CreatePartitions(interactions, items, gram, partitionCount, pool);
        for (int p = 0; p < partitions.Length; p++)
        {
            // In process a partition spreads its own rows over the pool, so they run one after the other.
            partitions[p].ComputeRowsAsync(diagonal, cancellationToken).AsTask().GetAwaiter().GetResult();
            progress?.Report(new TrainingProgress("gram", p + 1, partitions.Length));
        }
    }

    private static IGramPartition[] CreatePartitions(SparseMatrix users, SparseMatrix items, DenseMatrix gram, int count, ComputePool pool)
    {
        var partitions = new IGramPartition[count];
        for (int p = 0; p < count; p++)
        {
            int first = (int)((long)items.Rows * p / count);
            int end = (int)((long)items.Rows * (p + 1) / count);
            partitions[p] = new GramPartition(users, items, gram, first, end, pool);
        }

        return partitions;
    }

    private static EaseWeights SolveFree(
        DenseMatrix matrix,
        EaseOptions options,
        ComputePool pool,
        IProgress<TrainingProgress>? progress,
        CancellationToken cancellationToken)
    {
        SpdInverse.Invert(matrix, pool, progress, cancellationToken);
        var diagonal = ScaleToWeights(matrix, options.NonNegative == NonNegativeMode.Clip, pool, cancellationToken);
        progress?.Report(new TrainingProgress("weights", 1, 1));
        if (options.Density < 1)
        {
            var sparse = Sparsifier.KeepLargest(matrix, options.Density, pool, cancellationToken);
            matrix.Dispose();
            return EaseWeights.FromSparse(sparse, diagonal);
        }

        return EaseWeights.FromDense(matrix, diagonal);
    }

    private static EaseWeights SolveConstrained(
        DenseMatrix gram,
        EaseOptions options,
        ComputePool pool,
        IProgress<TrainingProgress>? progress,
        CancellationToken cancellationToken)
    {
        var weights = NonNegativeSolver.Solve(gram, pool, progress, cancellationToken);
        gram.Dispose();
        try
        {
            if (options.Density < 1)
            {
                var sparse = Sparsifier.KeepLargest(weights, options.Density, pool, cancellationToken);
                weights.Dispose();
                return EaseWeights.FromSparse(sparse, []);
            }

            return EaseWeights.FromDense(weights, []);
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>P to B in place: column j is divided by −P_jj, the diagonal becomes 0. Returns the diagonal of P.</summary>
    private static float[] ScaleToWeights(DenseMatrix p, bool clip, ComputePool pool, CancellationToken cancellationToken)
    {
        int n = p.Rows;
        var diagonal = new float[n];
        var scale = new float[n];
        for (int i = 0; i < n; i++)
        {
            diagonal[i] = p[i, i];
            scale[i] = -1f / diagonal[i];
        }

        pool.Run(
            (n + 63) / 64,
            (_, block) =>
            {
                for (int i = block * 64; i < Math.Min(n, (block + 1) * 64); i++)
                {
                    var row = p.Row(i);
                    VectorMath.Multiply(row, scale);
                    row[i] = 0;
                    if (clip)
                    {
                        VectorMath.ClampNegative(row);
                    }
                }
            },
            cancellationToken);
        return diagonal;
    }
}
