using Recsys.Engine.Compute;

namespace Recsys.Engine.Slim;

/// <summary>All columns of item-item weights, in parallel.</summary>
internal static class ElasticNetColumns
{
    private const int ReportEvery = 64;

    /// <summary>Takes a solved column; called by any worker, one column at a time each.</summary>
    /// <param name="worker">The worker, in [0, threads).</param>
    /// <param name="column">The column.</param>
    /// <param name="items">Items with a weight, ascending.</param>
    /// <param name="weights">Their weights.</param>
    public delegate void Receiver(int worker, int column, ReadOnlySpan<int> items, ReadOnlySpan<float> weights);

    /// <summary>
    /// Solves every column on its own, so that the number of threads does not change a bit; the longest ones, those of
    /// the items with the largest G_jj, first.
    /// </summary>
    public static void Solve(
        IGramRows gram,
        ElasticNetPenalty penalty,
        ComputePool pool,
        Receiver receiver,
        IProgress<TrainingProgress>? progress,
        CancellationToken cancellationToken)
    {
        int n = gram.Count;
        int[] order = [.. Enumerable.Range(0, n)];
        float[] size = gram.Diagonal.ToArray();
        Array.Sort(order, (a, b) => size[a] != size[b] ? size[b].CompareTo(size[a]) : a.CompareTo(b));
        var workers = new Worker?[pool.Threads];
        int done = 0;
        try
        {
            pool.Run(
                n,
                (w, k) =>
                {
                    var worker = workers[w] ??= new Worker(gram, penalty);
                    int count = worker.Column.Solve(order[k], worker.Items, worker.Weights);
                    receiver(w, order[k], worker.Items.AsSpan(0, count), worker.Weights.AsSpan(0, count));
                    int now = Interlocked.Increment(ref done);
                    if (now % ReportEvery == 0 || now == n)
                    {
                        progress?.Report(new TrainingProgress("columns", now, n));
                    }
                },
                cancellationToken);
        }
        finally
        {
            foreach (var worker in workers)
            {
                worker?.Column.Dispose();
            }
        }
    }

    private sealed class Worker(IGramRows gram, ElasticNetPenalty penalty)
    {
        public ElasticNetColumn Column { get; } = new(gram, penalty);

        public int[] Items { get; } = new int[gram.Count];

        public float[] Weights { get; } = new float[gram.Count];
    }
}
