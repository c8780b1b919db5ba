using System.Diagnostics;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Ease;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Slim;

/// <summary>
/// SLIM (Ning and Karypis 2011): the elastic net of every item on all others, see <see cref="SlimOptions"/>. The Gram
/// matrix XᵀX is kept sparse, or dense where that is smaller; the weights are sparse.
/// </summary>
public static class SlimTrainer
{
    private const string WayOut = "use fewer items (a minimum of interactions an item), or a machine with more memory";

    /// <summary>
    /// Bytes training takes, the data itself not counted, at most; the weights and the working sets, whose size no one
    /// knows before, come on top.
    /// </summary>
    public static long EstimateBytes(SparseMatrix interactions, SlimOptions options)
    {
        ArgumentNullException.ThrowIfNull(interactions);
        return EstimateBytes(SparseGram.BoundElements(interactions), interactions, options);
    }

    /// <summary>Trains on X = <paramref name="data"/>.Interactions with its weights.</summary>
    /// <exception cref="InvalidOptionException">An option is out of range.</exception>
    /// <exception cref="RecsysException">The data is empty, or the Gram matrix does not fit in memory.</exception>
    public static SlimModel Train(
        Dataset data,
        SlimOptions options,
        IProgress<TrainingProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        if (data.Interactions.Count == 0)
        {
            throw new RecsysException("SLIM needs at least one interaction");
        }

        var clock = Stopwatch.StartNew();
        using var pool = new ComputePool(options.Threads);
        var weights = Solve(data.Interactions, options, preferSparse: null, pool, progress, cancellationToken);
        return new SlimModel(data, options, EaseWeights.FromSparse(weights, []), clock.Elapsed.TotalSeconds);
    }

    /// <summary>The weights, with the Gram matrix kept as said or, by default, in the smaller way.</summary>
    internal static SparseMatrix Solve(
        SparseMatrix users,
        SlimOptions options,
        bool? preferSparse,
        ComputePool pool,
        IProgress<TrainingProgress>? progress,
        CancellationToken cancellationToken)
    {
        int n = users.Columns;
        var items = users.Transpose();
        long[] offsets = SparseGram.CountElements(users, items, pool, cancellationToken);
        bool sparse = preferSparse ?? SparseGram.Bytes(offsets[n]) < DenseBytes(n);
        MemoryBudget.Require(EstimateBytes(offsets[n], users, options), $"SLIM on {n} items", WayOut);
        if (sparse)
        {
            using var gram = SparseGram.Compute(users, items, offsets, pool, cancellationToken);
            progress?.Report(new TrainingProgress("gram", 1, 1));
            return SolveColumns(gram, users, options, pool, progress, cancellationToken);
        }

        using var matrix = new DenseMatrix(n, n);
        new GramPartition(users, items, matrix, 0, n, pool).ComputeRowsAsync(EaseDiagonal.None, cancellationToken).AsTask().GetAwaiter().GetResult();
        progress?.Report(new TrainingProgress("gram", 1, 1));
        return SolveColumns(new DenseGramRows(matrix, pool), users, options, pool, progress, cancellationToken);
    }

    private static SparseMatrix SolveColumns(
        IGramRows gram,
        SparseMatrix users,
        SlimOptions options,
        ComputePool pool,
        IProgress<TrainingProgress>? progress,
        CancellationToken cancellationToken)
    {
        var penalty = new ElasticNetPenalty(
            (float)options.L1, (float)options.L2, options.NonNegative, options.Iterations, (float)options.Tolerance)
        {
            Screens = options.NonNegative && !HasNegative(users.AllValues),
        };
        var columns = new SparseColumns(gram.Count, pool.Threads);
        ElasticNetColumns.Solve(gram, penalty, pool, columns.Add, progress, cancellationToken);
        return columns.ToRows();
    }

    private static long EstimateBytes(long gramElements, SparseMatrix interactions, SlimOptions options)
    {
        int n = interactions.Columns;
        int threads = options.Threads == 0 ? Environment.ProcessorCount : options.Threads;
        long transpose = (interactions.Count * (interactions.HasValues ? 8 : 4)) + (n * 8L);
        long scratch = ElasticNetColumn.EstimateBytes(n) + (n * 8L);
        return Math.Min(SparseGram.Bytes(gramElements), DenseBytes(n)) + transpose + (threads * scratch);
    }

    private static long DenseBytes(int n) => n * ((n + 15L) & ~15L) * sizeof(float);

    private static bool HasNegative(ReadOnlySpan<float> values)
    {
        foreach (float value in values)
        {
            if (value < 0)
            {
                return true;
            }
        }

        return false;
    }
}
