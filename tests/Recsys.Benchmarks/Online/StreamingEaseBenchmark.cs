using System.Diagnostics;
using System.Globalization;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Ease;

namespace Recsys.Benchmarks.Online;

/// <summary>
/// Streams events (clicks, a tenth as many taken back, some users erased) into EASE on ml-1m and compares with
/// retraining: <c>streaming-ease [--events 10000] [--every 1,64,256] [--lambda 700] [--threads 2]</c>.
/// </summary>
internal sealed class StreamingEaseBenchmark : IBenchmark
{
    public string Name => "streaming-ease";

    public string Summary => "exactness and seconds of streamed EASE against retraining, ml-1m";

    public string Usage => "[--events 10000] [--every 1,16,64,256] [--lambda 700] [--threads 2]";

    public int Run(string[] args)
    {
        int events = Number(args, "--events", 10_000);
        int threads = Number(args, "--threads", 2);
        double lambda = Number(args, "--lambda", 700);
        var full = Dataset.Load(RealData.Path("ml-1m/train.tsv"));
        var work = Plan(full, events);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"ml-1m: {full.Users.Count} users x {full.Items.Count} items, {work.Start.Count} interactions, then {work.Events.Length} events ({work.Events.Count(e => e.Kind == 'c')} clicks, {work.Events.Count(e => e.Kind == 'r')} taken back, {work.Events.Count(e => e.Kind == 'e')} users erased); lambda {lambda}, {threads} threads"));

        var options = new StreamingEaseOptions { Regularization = lambda, Threads = threads, RepairThreads = threads };
        EaseModel? retrained = null;
        double retrain = double.PositiveInfinity;
        for (int run = 0; run < 3; run++)
        {
            retrained?.Dispose();
            var clock = Stopwatch.StartNew();
            retrained = EaseTrainer.Train(full with { Interactions = work.End }, new EaseOptions { Regularization = lambda, Threads = threads });
            retrain = Math.Min(retrain, clock.Elapsed.TotalSeconds);
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"one retrain: {retrain:F3} s (best of 3)"));
        foreach (string every in Text(args, "--every", "1,16,64,256").Split(','))
        {
            Measure(full, work, options, int.Parse(every, CultureInfo.InvariantCulture), retrained!, retrain);
        }

        retrained!.Dispose();
        return 0;
    }

    private static void Measure(Dataset full, Work work, StreamingEaseOptions options, int every, EaseModel retrained, double retrain)
    {
        using var stream = StreamingEase.Train(work.Start, options with { UsersPerStep = Math.Min(every, 64) });
        double driftBefore = stream.MeasureDrift();
        var longest = TimeSpan.Zero;
        var events = every == 1 ? work.Events.AsSpan(0, Math.Min(1000, work.Events.Length)) : work.Events.AsSpan();
        var clock = Stopwatch.StartNew();
        for (int e = 0; e < events.Length; e++)
        {
            work.Events[e].Apply(stream);
            if ((e + 1) % every == 0 || e == events.Length - 1)
            {
                long begun = Stopwatch.GetTimestamp();
                stream.Flush();
                var took = Stopwatch.GetElapsedTime(begun);
                longest = took > longest ? took : longest;
            }
        }

        double seconds = clock.Elapsed.TotalSeconds;
        double perEvent = seconds / events.Length;
        string exactness = "(first 1000 events: not compared)";
        if (events.Length == work.Events.Length)
        {
            using var model = stream.ToModel(full.Users, full.Items);
            (double largest, double worst) = Compare(retrained, model);
            exactness = string.Create(CultureInfo.InvariantCulture, $"max|dB| {worst:E2} of max|B| {largest:F4}: {worst / largest:E2}");
        }

        clock.Restart();
        double drift = stream.MeasureDrift();
        double check = clock.Elapsed.TotalSeconds;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"step every {every,4} events: {seconds:F2} s, {perEvent * 1e3:F3} ms an event = 1/{retrain / perEvent:F0} of a retrain, longest step {longest.TotalMilliseconds:F1} ms; {exactness}; drift {driftBefore:E1} -> {drift:E1} ({check * 1e3:F0} ms to measure)"));
    }

    private static (double Largest, double Worst) Compare(EaseModel expected, EaseModel actual)
    {
        double largest = 0, worst = 0;
        for (int i = 0; i < expected.Items.Count; i++)
        {
            var a = expected.Weights.Dense!.Row(i);
            var b = actual.Weights.Dense!.Row(i);
            for (int j = 0; j < a.Length; j++)
            {
                largest = Math.Max(largest, Math.Abs(a[j]));
                worst = Math.Max(worst, Math.Abs(a[j] - b[j]));
            }
        }

        return (largest, worst);
    }

    /// <summary>Clicks are drawn from the data and missing at the start; what is taken back is there at the start.</summary>
    private static Work Plan(Dataset full, int events)
    {
        var random = new SplitMix64(4);
        var pairs = new List<(int User, int Item)>();
        for (int u = 0; u < full.Users.Count; u++)
        {
            foreach (int item in full.Interactions.Row(u))
            {
                pairs.Add((u, item));
            }
        }

        for (int i = 0; i < pairs.Count - 1; i++)
        {
            int j = i + random.NextInt(pairs.Count - i);
            (pairs[i], pairs[j]) = (pairs[j], pairs[i]);
        }

        int erased = events / 200;
        int back = events / 10;
        int clicks = events - erased - back;
        var gone = pairs.Take(clicks).ToHashSet();
        var list = pairs.Take(clicks).Select(p => new Event('c', p.User, p.Item))
            .Concat(pairs.Skip(clicks).Take(back).Select(p => new Event('r', p.User, p.Item)))
            .Concat(Enumerable.Range(0, erased).Select(_ => new Event('e', random.NextInt(full.Users.Count), 0)))
            .ToArray();
        for (int i = 0; i < list.Length - 1; i++)
        {
            int j = i + random.NextInt(list.Length - i);
            (list[i], list[j]) = (list[j], list[i]);
        }

        var rows = Enumerable.Range(0, full.Users.Count)
            .Select(u => full.Interactions.Row(u).ToArray().Where(i => !gone.Contains((u, i))).ToHashSet()).ToArray();
        var start = ToMatrix(rows, full.Items.Count);
        foreach (var e in list)
        {
            switch (e.Kind)
            {
                case 'c': rows[e.User].Add(e.Item); break;
                case 'r': rows[e.User].Remove(e.Item); break;
                default: rows[e.User].Clear(); break;
            }
        }

        return new Work(start, ToMatrix(rows, full.Items.Count), list);
    }

    private static SparseMatrix ToMatrix(HashSet<int>[] rows, int items)
    {
        var offsets = new long[rows.Length + 1];
        for (int u = 0; u < rows.Length; u++)
        {
            offsets[u + 1] = offsets[u] + rows[u].Count;
        }

        return new SparseMatrix(rows.Length, items, offsets, [.. rows.SelectMany(r => r.Order())]);
    }

    private static int Number(string[] args, string name, int otherwise) =>
        int.Parse(Text(args, name, otherwise.ToString(CultureInfo.InvariantCulture)), CultureInfo.InvariantCulture);

    private static string Text(string[] args, string name, string otherwise)
    {
        int at = Array.IndexOf(args, name);
        return at >= 0 && at + 1 < args.Length ? args[at + 1] : otherwise;
    }

    private sealed record Work(SparseMatrix Start, SparseMatrix End, Event[] Events);

    private readonly record struct Event(char Kind, int User, int Item)
    {
        public void Apply(StreamingEase stream)
        {
            switch (Kind)
            {
                case 'c': stream.Set(User, Item, 1); break;
                case 'r': stream.Remove(User, Item); break;
                default: stream.Erase(User); break;
            }
        }
    }
}
