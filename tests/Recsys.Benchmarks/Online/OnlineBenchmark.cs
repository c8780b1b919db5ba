using System.Diagnostics;
using System.Globalization;
using Recsys.Benchmarks.Data;
using Recsys.Engine.Als;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Ease;
using Recsys.Engine.Logistic;
using Recsys.Engine.Negatives;
using Recsys.Engine.Online;
using Recsys.Engine.Serving;
using Recsys.Engine.Storage;

namespace Recsys.Benchmarks.Online;

/// <summary>
/// The online engine on ml-1m: <c>online [--events 1000000] [--batch 4096] [--clicks 1000] [--seconds 10]</c>. First events as
/// fast as they are taken (durable log, logistic MF of 64 factors with 4 negatives, ALS fold-in of every changed user),
/// then single clicks at a rate, each followed until the clicker's recommendations show it.
/// </summary>
internal sealed class OnlineBenchmark : IBenchmark
{
    public string Name => "online";

    public string Summary => "events a second through log, LMF and fold-in; latency from click to recommendation";

    public string Usage => "[--events 1000000] [--batch 4096] [--clicks 1000] [--seconds 10]";

    public int Run(string[] args)
    {
        string folder = Path.Combine(Path.GetTempPath(), $"recsys-online-{Environment.ProcessId}");
        try
        {
            var data = Dataset.Load(RealData.Path("ml-1m/train.tsv"));
            using var als = AlsTrainer.Train(data, new AlsOptions { Factors = 64, Alpha = 5, Regularization = 30, Iterations = 5 });
            var start = new OnlineStart(data) { Als = als };
            ThroughputAsync(args, folder, start).GetAwaiter().GetResult();
            Stages(args, folder, start);
            LatencyAsync(args, folder, start).GetAwaiter().GetResult();
            return 0;
        }
        finally
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private static OnlineOptions Options(bool ease) => new()
    {
        Lmf = LmfOptions.For(LmfLoss.Logistic) with { Factors = 64, NegativeCount = 4, Negatives = NegativeSamplerSpec.Uniform },
        Ease = ease ? new StreamingEaseOptions { Regularization = 700 } : null,
        EagerFoldIn = true,
        SnapshotEvents = 0,
        Log = new EventLogOptions { DedupEvents = 1_000_000 },
    };

    private static async Task ThroughputAsync(string[] args, string folder, OnlineStart start)
    {
        int events = Number(args, "--events", 1_000_000);
        int batch = Number(args, "--batch", 4096);
        var stream = Events(start.Data, events, "t");
        await using var engine = await OnlineEngine.OpenAsync(Path.Combine(folder, "throughput"), Options(ease: false), start).ConfigureAwait(false);
        await engine.AppendAsync(Events(start.Data, 20_000, "w")).ConfigureAwait(false);
        await engine.WaitAppliedAsync(engine.Accepted).ConfigureAwait(false);
        await engine.FoldIn!.WaitIdleAsync().ConfigureAwait(false);
        long folded = engine.FoldIn.Folded;
        var processor = Process.GetCurrentProcess().TotalProcessorTime;
        var clock = Stopwatch.StartNew();
        var waiting = new Queue<ValueTask<AppendResult>>();
        for (int at = 0; at < events; at += batch)
        {
            waiting.Enqueue(engine.AppendAsync(stream.AsMemory(at, Math.Min(batch, events - at))));
            if (waiting.Count > 8)
            {
                await waiting.Dequeue().ConfigureAwait(false);
            }
        }

        while (waiting.TryDequeue(out var append))
        {
            await append.ConfigureAwait(false);
        }

        double durable = clock.Elapsed.TotalSeconds;
        await engine.WaitAppliedAsync(engine.Accepted).ConfigureAwait(false);
        double applied = clock.Elapsed.TotalSeconds;
        await engine.FoldIn.WaitIdleAsync().ConfigureAwait(false);
        double all = clock.Elapsed.TotalSeconds;
        double cpu = (Process.GetCurrentProcess().TotalProcessorTime - processor).TotalSeconds;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"throughput: {events} events in appends of {batch}: durable after {durable:F2} s, applied (LMF k = 64, 4 negatives) after {applied:F2} s, all fold-ins ({engine.FoldIn.Folded - folded} of k = 64) after {all:F2} s: {events / all:N0} events/s; {cpu / events * 1e6:F2} us of processor time an event"));
    }

    /// <summary>The same events again, stage by stage on one thread, in its processor time.</summary>
    private static void Stages(string[] args, string folder, OnlineStart start)
    {
        int events = Number(args, "--events", 1_000_000) / 4;
        var stream = Events(start.Data, events, "t");
        string directory = Path.Combine(folder, "stages");
        using var log = EventLog.Open(directory);
        double process = Process.GetCurrentProcess().TotalProcessorTime.TotalSeconds;
        for (int at = 0; at < events; at += 4096)
        {
            log.AppendAsync(stream.AsMemory(at, Math.Min(4096, events - at))).AsTask().GetAwaiter().GetResult();
        }

        double append = Process.GetCurrentProcess().TotalProcessorTime.TotalSeconds - process;
        var batches = new List<EventBatch>();
        double before = ThreadTime.Now;
        batches.AddRange(log.Read(0));
        double read = ThreadTime.Now - before;
        using var state = OnlineState.Create(start, Options(ease: false));
        var changed = new List<int>();
        state.Changed = changed.AddRange;
        state.Apply(batches[0]);
        before = ThreadTime.Now;
        for (int b = 1; b < batches.Count; b++)
        {
            state.Apply(batches[b]);
        }

        double apply = ThreadTime.Now - before;
        var users = changed.Take(20_000).ToArray();
        before = ThreadTime.Now;
        foreach (int user in users)
        {
            state.Read(s => s.Als!.FoldIn(s.Histories.Items(user), s.Histories.Weights(user)));
        }

        double fold = (ThreadTime.Now - before) / users.Length;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"stages in processor time of one thread: append {append / events * 1e6:F2} us an event, read back {read / events * 1e6:F2}, apply with LMF step {apply / events * 1e6:F2}; a fold-in {fold * 1e6:F1} us ({changed.Count / (double)events:F2} an event in batches of 4096)"));
    }

    private static async Task LatencyAsync(string[] args, string folder, OnlineStart start)
    {
        int rate = Number(args, "--clicks", 1000);
        int seconds = Number(args, "--seconds", 10);
        await using var engine = await OnlineEngine.OpenAsync(Path.Combine(folder, "latency"), Options(ease: true) with { EagerFoldIn = false }, start).ConfigureAwait(false);
        var recommender = engine.CreateRecommender();
        var stream = Events(start.Data, rate * (seconds + 1), "l");
        foreach (string model in new[] { "als", "ease", "lmf" })
        {
            var latencies = new double[rate * seconds];
            var durable = new double[latencies.Length];
            var answered = new double[latencies.Length];
            var inFlight = new List<Task>();
            long begun = Stopwatch.GetTimestamp();
            for (int c = 0; c < latencies.Length; c++)
            {
                // An open loop: clicks come when they come, however slow the answers are.
                double due = c / (double)rate;
                while (Stopwatch.GetElapsedTime(begun).TotalSeconds < due)
                {
                    await Task.Delay(1).ConfigureAwait(false);
                }

                int click = c;
                inFlight.Add(Task.Run(async () => (durable[click], answered[click], latencies[click]) = await OneAsync(engine, recommender, stream[click], model, $"{model}-{click}", begun, due).ConfigureAwait(false)));
            }

            await Task.WhenAll(inFlight).ConfigureAwait(false);
            double took = Stopwatch.GetElapsedTime(begun).TotalSeconds;
            Array.Sort(latencies);
            Array.Sort(durable);
            Array.Sort(answered);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"latency, {model}: {latencies.Length / took:F0} clicks/s (asked for {rate}), from the click to recommendations that follow from it: median {At(latencies, 0.5):F2} ms, p90 {At(latencies, 0.9):F2}, p99 {At(latencies, 0.99):F2}, p99.9 {At(latencies, 0.999):F2}, worst {latencies[^1]:F1} (durable: median {At(durable, 0.5):F2}, p99 {At(durable, 0.99):F2}; recommending alone: median {At(answered, 0.5):F2}, p99 {At(answered, 0.99):F2}); EASE took {engine.EaseSteps} steps"));
        }
    }

    private static async Task<(double Durable, double Answered, double All)> OneAsync(
        OnlineEngine engine, IRecommender recommender, InteractionEvent click, string model, string id, long begun, double due)
    {
        var receipt = await engine.AcceptAsync(new[] { new IncomingEvent(click.User, click.Item, "click", id) }).ConfigureAwait(false);
        double durable = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        await engine.WaitAppliedAsync(receipt.Position).ConfigureAwait(false);
        long asked = Stopwatch.GetTimestamp();
        var list = await recommender.RecommendAsync(new RecommendationQuery { User = click.User, Model = model }).ConfigureAwait(false);
        double answered = Stopwatch.GetElapsedTime(asked).TotalMilliseconds;
        if (list.Items.Any(i => i.Id == click.Item) || long.Parse(list.Version, CultureInfo.InvariantCulture) < receipt.Position)
        {
            throw new InvalidOperationException("the recommendations do not follow from the click");
        }

        return ((durable - due) * 1e3, answered, (Stopwatch.GetElapsedTime(begun).TotalSeconds - due) * 1e3);
    }

    /// <summary>Clicks of the users on the items, popular ones more often; a few are new.</summary>
    private static InteractionEvent[] Events(Dataset data, int count, string name)
    {
        var random = new SplitMix64((ulong)name[0]);
        var items = data.Interactions.AllColumns.ToArray();
        var users = Enumerable.Range(0, data.Users.Count).Select(u => data.Users[u]).ToArray();
        var itemIds = Enumerable.Range(0, data.Items.Count).Select(i => data.Items[i]).ToArray();
        var now = DateTimeOffset.UtcNow;
        var events = new InteractionEvent[count];
        for (int e = 0; e < count; e++)
        {
            string user = random.NextInt(50) == 0 ? $"new-{random.NextInt(20_000)}" : users[random.NextInt(users.Length)];
            events[e] = new InteractionEvent($"{name}{e:x}", user, itemIds[items[random.NextInt(items.Length)]], EventKind.Click, 1, now.AddMilliseconds(e));
        }

        return events;
    }

    private static double At(double[] sorted, double share) => sorted[(int)(share * (sorted.Length - 1))];

    private static int Number(string[] args, string name, int otherwise)
    {
        int at = Array.IndexOf(args, name);
        return at >= 0 && at + 1 < args.Length ? int.Parse(args[at + 1], CultureInfo.InvariantCulture) : otherwise;
    }
}
