using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Recsys.Engine.Compute;
using Recsys.Engine.Models;
using Recsys.Engine.Numerics;
using Recsys.Engine.Serving;

namespace Recsys.Benchmarks.Kernels;

/// <summary>
/// The best 20 of a million items with 128 factors: one query against the memory it reads and against sgemv with a scan,
/// a batch against sgemm with a scan, and what rounding the factors loses.
/// </summary>
internal sealed unsafe class ScoringBenchmark : IKernelBenchmark
{
    private const int N = 20;
    private const int Factors = 128;
    private const int BatchUsers = 64;

    public string Name => "scoring";

    public void Run(KernelContext context)
    {
        int items = context.Quick ? 200_000 : 1_000_000;
        string size = context.Quick ? "200k" : "1M";
        string against = $"{Name} top-20 of {size}, sgemv + scan";
        string batch = $"{Name} top-20 of {size}, {BatchUsers} users, sgemm + scan";
        var storages = Enum.GetValues<FactorStorage>().Where(s => context.Wants(Row(s)) || context.Wants(Row(s) + " overlap") || context.Wants(Row(s) + " overlap, not rescored")).ToList();
        if (context.ReferenceOnly)
        {
            storages.Clear();
        }

        if (storages.Count == 0 && !context.Wants(against) && !context.Wants(batch))
        {
            return;
        }

        using var pool = new ComputePool();
        using var factors = new DenseMatrix(items, Factors);
        pool.Run(items / 1000, (_, thousand) => Fill(factors, thousand));
        using var exact = new FactorIndex(factors, pool: pool);
        using var scores = new DenseMatrix(BatchUsers, items);
        var users = Enumerable.Range(0, BatchUsers).Select(User).ToArray();
        var results = new ScoredItem[N];
        int turn = 0;
        if (context.Wants(against) && context.HasOpenBlas)
        {
            OpenBlas.SetThreads(1);
            context.Compare(
                against,
                1,
                9,
                () => turn++,
                () => exact.Top(users[turn % users.Length].Factors.Span, [], ItemFilter.Default, results),
                () =>
                {
                    fixed (float* u = users[turn % users.Length].Factors.Span)
                    {
                        OpenBlas.Sgemv(items, Factors, factors.Pointer, factors.Stride, u, scores.Pointer);
                    }

                    Scan(scores.Row(0), results);
                },
                null,
                null);
        }

        if (context.Wants(batch) && context.HasOpenBlas)
        {
            Batch(context, batch, exact, factors, users, scores);
        }

        foreach (var storage in storages)
        {
            if (storage == FactorStorage.Float32)
            {
                Bandwidth(context, Row(storage), exact, factors, users);
                continue;
            }

            using var index = new FactorIndex(factors, storage, rescore: true, pool);
            Bandwidth(context, Row(storage), index, factors, users);
            Overlap(context, Row(storage) + " overlap", index, exact, storage == FactorStorage.Int8 ? 0.99 : 0.995);
            using var plain = new FactorIndex(factors, storage, rescore: false, pool);
            Overlap(context, Row(storage) + " overlap, not rescored", plain, exact, null);
        }

        string Row(FactorStorage storage) => $"{Name} top-20 of {size}, {storage}";
    }

    // Ours and a plain sum over as many bytes, in turns; float32's memory is larger than any cache.
    private static void Bandwidth(KernelContext context, string name, FactorIndex index, DenseMatrix factors, UserProfile[] users)
    {
        if (!context.Wants(name))
        {
            return;
        }

        var results = new ScoredItem[N];
        var ours = new List<double>();
        var read = new List<double>();
        float sink = 0;
        for (int i = -1; i < (context.Quick ? 3 : 15); i++)
        {
            double start = Machine.CpuSeconds();
            index.Top(users[(i + 1) % users.Length].Factors.Span, [], ItemFilter.Default, results);
            double middle = Machine.CpuSeconds();
            sink += Sum(factors.Pointer, index.Bytes / sizeof(float) / 64 * 64);
            double end = Machine.CpuSeconds();
            if (i >= 0)
            {
                ours.Add(middle - start);
                read.Add(end - middle);
            }
        }

        double seconds = KernelContext.Median(ours);
        double rate = index.Bytes / seconds / 1e9;
        double limit = index.Bytes / KernelContext.Median(read) / 1e9;
        string note = string.Create(
            CultureInfo.InvariantCulture,
            $"against reading as much; {seconds * 1e3:F2} ms{(index.Rescores ? " with rescoring" : string.Empty)}, {rate / context.ReadBandwidth(1):F3} of the best read {context.ReadBandwidth(1):F1} GB/s{(float.IsNaN(sink) ? "?" : string.Empty)}");
        context.Report(new KernelRow(name, rate, limit, rate / limit, 0.95, "GB/s", note));
    }

    private static void Overlap(KernelContext context, string name, FactorIndex index, FactorIndex exact, double? bar)
    {
        if (!context.Wants(name))
        {
            return;
        }

        int queries = context.Quick ? 20 : 100;
        var users = Enumerable.Range(1000, queries).Select(User).ToArray();
        var expected = new ScoredItem[queries * N];
        var found = new ScoredItem[queries * N];
        exact.TopBatch(users, ItemFilter.Default, N, expected, new int[queries]);
        index.TopBatch(users, ItemFilter.Default, N, found, new int[queries]);
        double same = 0;
        for (int q = 0; q < queries; q++)
        {
            var right = expected[(q * N)..((q + 1) * N)].Select(r => r.Item).ToHashSet();
            same += found[(q * N)..((q + 1) * N)].Count(r => right.Contains(r.Item));
        }

        double overlap = same / (queries * N);
        context.Report(new KernelRow(name, overlap, 1, overlap, bar, "share", $"of float32's, {queries} random users, Gaussian factors"));
    }

    private static void Batch(
        KernelContext context, string name, FactorIndex index, DenseMatrix factors, UserProfile[] users, DenseMatrix scores)
    {
        using var queries = new DenseMatrix(users.Length, Factors);
        for (int u = 0; u < users.Length; u++)
        {
            users[u].Factors.Span.CopyTo(queries.Row(u));
        }

        var results = new ScoredItem[users.Length * N];
        var counts = new int[users.Length];
        OpenBlas.SetThreads(1);
        context.Compare(
            name,
            1,
            5,
            null,
            () => index.TopBatch(users, ItemFilter.Default, N, results, counts),
            () =>
            {
                OpenBlas.Sgemm(
                    OpenBlas.NoTranspose, OpenBlas.Transpose, users.Length, index.Items, Factors, 1, queries.Pointer, queries.Stride, factors.Pointer, factors.Stride, 0, scores.Pointer, scores.Stride);
                for (int u = 0; u < users.Length; u++)
                {
                    Scan(scores.Row(u), results.AsSpan(u * N, N));
                }
            },
            null,
            2.0 * users.Length * index.Items * Factors);
    }

    // What one writes by hand: compare each score with the worst kept one, insert where it is better.
    private static void Scan(ReadOnlySpan<float> scores, Span<ScoredItem> best)
    {
        best.Fill(new ScoredItem(-1, float.NegativeInfinity));
        float worst = float.NegativeInfinity;
        for (int i = 0; i < scores.Length; i++)
        {
            if (scores[i] > worst)
            {
                int place = best.Length - 1;
                for (; place > 0 && best[place - 1].Score < scores[i]; place--)
                {
                    best[place] = best[place - 1];
                }

                best[place] = new ScoredItem(i, scores[i]);
                worst = best[^1].Score;
            }
        }
    }

    private static void Fill(DenseMatrix factors, int thousand)
    {
        var random = new Random(thousand);
        for (int i = thousand * 1000; i < (thousand + 1) * 1000; i++)
        {
            Gaussians(random, factors.Row(i));
        }
    }

    private static UserProfile User(int seed)
    {
        var factors = new float[Factors];
        Gaussians(new Random(1_000_000 + seed), factors);
        return new UserProfile(default, default, factors);
    }

    private static void Gaussians(Random random, Span<float> target)
    {
        for (int f = 0; f < target.Length; f += 2)
        {
            double radius = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));
            var (sine, cosine) = Math.SinCos(2 * Math.PI * random.NextDouble());
            target[f] = (float)(radius * sine);
            target[f + 1] = (float)(radius * cosine);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    internal static float Sum(float* values, long count)
    {
        Vector512<float> s0 = default, s1 = default, s2 = default, s3 = default;
        for (float* end = values + count; values < end; values += 64)
        {
            s0 += Vector512.Load(values);
            s1 += Vector512.Load(values + 16);
            s2 += Vector512.Load(values + 32);
            s3 += Vector512.Load(values + 48);
        }

        return Vector512.Sum(s0 + s1 + s2 + s3);
    }
}
