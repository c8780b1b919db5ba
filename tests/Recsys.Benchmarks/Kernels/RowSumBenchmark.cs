using System.Globalization;
using Recsys.Engine.Models;
using Recsys.Engine.Numerics;
using Recsys.Engine.Serving;

namespace Recsys.Benchmarks.Kernels;

/// <summary>The best 20 by sums of an item–item matrix's rows (EASE): histories of 96 items on a matrix of ml-1m's size.</summary>
internal sealed class RowSumBenchmark : IKernelBenchmark
{
    private const int Items = 3502;
    private const int History = 96;
    private const int Queries = 400;

    public string Name => "rowsum";

    public void Run(KernelContext context)
    {
        string plain = $"{Name} {Items} items, {History} rows, float32";
        string rounded = $"{Name} {Items} items, {History} rows, bfloat16";
        if (context.ReferenceOnly || (!context.Wants(plain) && !context.Wants(rounded)))
        {
            return;
        }

        using var weights = Matrices.Random(Items, Items);
        using var half = new BFloat16Matrix(weights);
        var random = new Random(3);
        var histories = Enumerable.Range(0, Queries).Select(_ =>
        {
            var items = new SortedSet<int>();
            while (items.Count < History)
            {
                items.Add((int)(Items * Math.Pow(random.NextDouble(), 2)));
            }

            return items.ToArray();
        }).ToArray();
        var results = new ScoredItem[20];
        long columns = weights.Stride;
        Measure(context, plain, columns * sizeof(float) * History, h => RowSumScorer.Top(weights, histories[h], [], ItemFilter.Default, results));
        Measure(context, rounded, columns * sizeof(ushort) * History, h => RowSumScorer.Top(half, histories[h], [], ItemFilter.Default, results));
    }

    private static void Measure(KernelContext context, string name, long bytes, Action<int> query)
    {
        if (!context.Wants(name))
        {
            return;
        }

        var times = new List<double>();
        for (int turn = -1; turn < (context.Quick ? 2 : 9); turn++)
        {
            double start = Machine.CpuSeconds();
            for (int h = 0; h < Queries; h++)
            {
                query(h);
            }

            if (turn >= 0)
            {
                times.Add((Machine.CpuSeconds() - start) / Queries);
            }
        }

        double seconds = KernelContext.Median(times);
        double limit = context.ReadBandwidth(1);
        string note = string.Create(CultureInfo.InvariantCulture, $"against the best read of memory; {seconds * 1e6:F1} us a query");
        context.Report(new KernelRow(name, bytes / seconds / 1e9, limit, bytes / seconds / 1e9 / limit, null, "GB/s", note));
    }
}
