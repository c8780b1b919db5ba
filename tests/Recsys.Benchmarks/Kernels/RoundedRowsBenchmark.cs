using Recsys.Engine.Models;
using Recsys.Engine.Numerics;
using Recsys.Engine.Serving;

namespace Recsys.Benchmarks.Kernels;

/// <summary>
/// The best 20 of 20,000 items by sums of 72 rows: found in the copy of bytes and ranked by the matrix, against the matrix alone, which
/// is larger than any cache. By one thread and by two at the same time.
/// </summary>
internal sealed class RoundedRowsBenchmark : IKernelBenchmark
{
    private const int History = 72;

    public string Name => "rounded-rows";

    public void Run(KernelContext context)
    {
        int items = context.Quick ? 5_000 : 20_000;
        string name = $"{Name} top-20 of {items} items, {History} rows";
        if (context.ReferenceOnly || !(context.Wants($"{name}, 1 thread") || context.Wants($"{name}, 2 threads")))
        {
            return;
        }

        using var weights = Weights(items);
        using var rounded = new RoundedRows(weights);
        var random = new Random(3);
        int[][] histories = [.. Enumerable.Range(0, 400).Select(_ => Enumerable.Range(0, History).Select(_ => random.Next(items)).Distinct().Order().ToArray())];
        foreach (int threads in new[] { 1, 2 })
        {
            context.Compare(
                $"{name}, {threads} thread{(threads > 1 ? "s" : string.Empty)}",
                threads,
                9,
                null,
                () => Ask(threads, (h, results) =>
                {
                    if (!rounded.TryTop(histories[h], [], ItemFilter.Default, results, out _))
                    {
                        RowSumScorer.Top(weights, histories[h], [], ItemFilter.Default, results);
                    }
                }),
                () => Ask(threads, (h, results) => RowSumScorer.Top(weights, histories[h], [], ItemFilter.Default, results)),
                bar: null,
                work: null,
                "float32");
        }

        void Ask(int threads, Action<int, ScoredItem[]> query)
        {
            if (threads == 1)
            {
                All();
                return;
            }

            var asking = Enumerable.Range(0, threads).Select(_ => new Thread(All)).ToList();
            asking.ForEach(t => t.Start());
            asking.ForEach(t => t.Join());

            void All()
            {
                var results = new ScoredItem[20];
                for (int h = 0; h < histories.Length; h++)
                {
                    query(h, results);
                }
            }
        }
    }

    // As EASE has them: most of them small, a few that count.
    private static DenseMatrix Weights(int items)
    {
        var weights = Matrices.Random(items, items);
        Parallel.For(0, items, row =>
        {
            var random = new Random(row);
            var elements = weights.Row(row);
            foreach (ref float element in elements)
            {
                element /= 100;
            }

            for (int n = 0; n < items / 200; n++)
            {
                elements[random.Next(items)] = random.NextSingle() / 2;
            }
        });
        return weights;
    }
}
