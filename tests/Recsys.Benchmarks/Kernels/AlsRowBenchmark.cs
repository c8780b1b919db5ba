using Recsys.Engine.Als;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Numerics;

namespace Recsys.Benchmarks.Kernels;

/// <summary>
/// Solving the rows of a half-epoch of ALS exactly, as training does it (the basis and the whitening of 4,000 items
/// included), against OpenBLAS on gathered rows (ssyrk, spotrf, spotrs) and against plain C#.
/// </summary>
internal sealed class AlsRowBenchmark : IKernelBenchmark
{
    private const int Items = 4000;
    private const float Alpha = 10;
    private const float Ridge = 10;

    public string Name => "als rows";

    public void Run(KernelContext context)
    {
        foreach (int k in new[] { 64, 128 })
        {
            foreach (var (n, users, plainUsers) in new[] { (20, 2048, 1024), (165, 1024, 256), (1000, 512, 64) })
            {
                Measure(context, $"{Name} k={k} n={n} ×{users}", k, n, users, false);
                Measure(context, $"{Name} k={k} n={n} ×{plainUsers}, plain", k, n, plainUsers, true);
            }
        }
    }

    private static void Measure(KernelContext context, string name, int k, int n, int users, bool plain)
    {
        if (!context.Wants(name) || (context.ReferenceOnly && plain))
        {
            return;
        }

        var data = new Dataset(IdTable.Sequential(users), IdTable.Sequential(Items), Random(users, n));
        var options = new AlsOptions { Factors = k, Alpha = Alpha, Regularization = Ridge, Threads = 1 };
        using var pool = new ComputePool(1);
        using var sides = new LocalSides(data, options, pool);
        sides.Items[0].InitializeAsync(default).GetAwaiter().GetResult();
        var gram = sides.Items[0].GramAsync(0, default).GetAwaiter().GetResult()[0].Gram;
        using var factors = sides.CollectItems();
        using var shared = new NativeBuffer<float>(k * k);
        for (int i = 0; i < k; i++)
        {
            for (int j = 0; j < k; j++)
            {
                shared[(i * k) + j] = gram.Values[(i * k) + j] + (i == j ? Ridge : 0);
            }
        }

        int phase = 0;
        void Ours()
        {
            var basis = new Lazy<AlsBasis>(AlsBasis.Create(gram, 1, Ridge, false, "ALS"));
            sides.Items[0].WhitenAsync(++phase, basis, default).GetAwaiter().GetResult();
            sides.Users[0].SolveAsync(new HalfEpoch(phase, AlsSolver.Cholesky, false), basis, default).GetAwaiter().GetResult();
        }

        using var reference = new RowReferences(k, n);
        void OpenBlasRows()
        {
            for (int u = 0; u < users; u++)
            {
                reference.SolveByOpenBlas(factors, data.Interactions.Row(u), Alpha, Alpha + 1, shared);
            }
        }

        if (context.HasOpenBlas && !plain)
        {
            OpenBlas.SetThreads(1);
            Ours();
            OpenBlasRows();
            using var solved = sides.CollectUsers();
            RequireEqual(solved.Row(users - 1), reference.Solution);
        }

        if (!plain)
        {
            context.Compare(name, 1, 11, null, Ours, context.HasOpenBlas ? OpenBlasRows : null, 1.3, null);
            return;
        }

        float[][] rows = [.. Enumerable.Range(0, Items).Select(i => factors.Row(i).ToArray())];
        float[][] matrix = [.. Enumerable.Range(0, k).Select(i => shared.Slice(i * k, k).ToArray())];
        void PlainRows()
        {
            for (int u = 0; u < users; u++)
            {
                RowReferences.Straightforward(rows, data.Interactions.Row(u), Alpha, Alpha + 1, matrix);
            }
        }

        context.Compare(name, 1, 3, null, Ours, PlainRows, 12, null, "plain C#");
    }

    private static SparseMatrix Random(int users, int n)
    {
        var random = new Random(1);
        var offsets = new long[users + 1];
        var columns = new List<int>();
        for (int u = 0; u < users; u++)
        {
            var row = new SortedSet<int>();
            while (row.Count < n)
            {
                row.Add(random.Next(Items));
            }

            columns.AddRange(row);
            offsets[u + 1] = columns.Count;
        }

        return new SparseMatrix(users, Items, offsets, [.. columns]);
    }

    private static void RequireEqual(ReadOnlySpan<float> ours, ReadOnlySpan<float> theirs)
    {
        double difference = 0, norm = 0;
        for (int c = 0; c < ours.Length; c++)
        {
            difference += Math.Pow(ours[c] - theirs[c], 2);
            norm += Math.Pow(theirs[c], 2);
        }

        if (!(difference <= 1e-8 * norm))
        {
            throw new InvalidOperationException($"the solutions differ by {Math.Sqrt(difference / norm):G3}");
        }
    }
}
