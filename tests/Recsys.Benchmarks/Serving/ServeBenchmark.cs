using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using Recsys.Cli.Load;
using Recsys.Engine.Data;
using Recsys.Engine.Ease;
using Recsys.Engine.Models;
using Recsys.Engine.Serving;
using Recsys.Engine.Storage;

namespace Recsys.Benchmarks.Serving;

/// <summary>
/// Requests a second and latency of <c>recsys serve</c> on loopback, client and service on the same cores, beside the
/// bare cost of scoring.
/// </summary>
internal sealed class ServeBenchmark : IBenchmark
{
    private const int Count = 20;
    public string Name => "serve";

    public string Summary => "HTTP service: requests/s at saturation, p50/p99 at fixed rates, next to bare scoring";

    public string Usage => "DATA|MODEL --model ease|als|… [model options] [--seconds S] [--rates 1000,5000] [--swap] [--events 1000] [--clients N]";

    public int Run(string[] args)
    {
        if (args.Length == 0)
        {
            return this.WrongUsage();
        }

        var options = Options(args[1..]);
        double seconds = double.Parse(options.Remove("seconds", out string? s) ? s : "5", CultureInfo.InvariantCulture);
        double[] rates = [.. (options.Remove("rates", out string? r) ? r : "1000,5000").Split(',').Select(x => double.Parse(x, CultureInfo.InvariantCulture))];
        int threads = options.Remove("clients", out string? c) ? int.Parse(c, CultureInfo.InvariantCulture) : 16;
        bool swap = options.Remove("swap");
        double events = options.Remove("events", out string? e) ? double.Parse(e, CultureInfo.InvariantCulture) : 0;
        string name = options.Remove("model", out string? m) ? m : "ease";
        string folder = Path.Combine(Path.GetTempPath(), $"recsys-serve-{Guid.NewGuid():N}");
        try
        {
            // A directory is a model that was saved before, for those that take long to train.
            bool stored = Directory.Exists(args[0]);
            var model = stored ? Algorithms.Load(args[0]) : Train(name, args[0], options);
            name = stored ? Path.GetFileName(Path.TrimEndingDirectorySeparator(args[0])) : name;
            Console.WriteLine($"{name} on {args[0]}: {model.Users.Count} users, {model.Items.Count} items, {model.Histories.Count} interactions");
            MeasureBare(model);
            string[] directories = stored
                ? [.. Enumerable.Repeat(args[0], swap ? 2 : 1)]
                : [.. Enumerable.Range(1, swap ? 2 : 1).Select(v => Path.Combine(folder, v.ToString(CultureInfo.InvariantCulture), name))];
            foreach (string directory in directories.Where(_ => !stored))
            {
                ModelStore.Save(model.ToContents(), directory);
            }

            // Large ones must not be in memory twice.
            var ids = new Ids([.. Enumerable.Range(0, model.Users.Count).Select(u => model.Users[u])], [.. Enumerable.Range(0, model.Items.Count).Select(i => model.Items[i])]);
            model.Dispose();
            MeasureService(ids, name, directories, threads, rates, seconds, swap);
            if (events > 0)
            {
                MeasureWithEvents(ids, directories[0], Path.Combine(folder, "data"), threads, rates, seconds, events);
            }

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

    private static IRecommenderModel Train(string name, string file, Dictionary<string, string> options)
    {
        var algorithm = Algorithms.Get(name);
        var bag = new OptionBag(options);
        bag.RequireKnown(algorithm);
        return algorithm.Train(Dataset.Load(file), bag);
    }

    private static Dictionary<string, string> Options(string[] args)
    {
        var options = new Dictionary<string, string>();
        for (int i = 0; i < args.Length; i++)
        {
            bool alone = i + 1 == args.Length || args[i + 1].StartsWith("--", StringComparison.Ordinal);
            options[args[i].TrimStart('-')] = alone ? "" : args[++i];
        }

        return options;
    }

    /// <summary>One thread in process: profile, scores, selection; and the time memory alone would take.</summary>
    private static void MeasureBare(IRecommenderModel model)
    {
        (model as IPreparedModel)?.Prepare(ServingOptions.Default);
        bool rounded = ServingOptions.Default.StorageFor(model.Items.Count) != FactorStorage.Float32;
        var results = new ScoredItem[Count];
        var times = new List<double>();
        long bytes = 0;
        for (int round = 0; round < 3; round++)
        {
            times.Clear();
            for (int q = 0; q < 3000; q++)
            {
                int user = (int)((uint)(q * 2654435761u) % (uint)model.Users.Count);
                long began = Stopwatch.GetTimestamp();
                var profile = model.GetUser(user);
                model.Recommend(profile, ItemFilter.Default, results);
                times.Add(Stopwatch.GetElapsedTime(began).TotalMicroseconds);
                bytes += profile.Factors.IsEmpty ? (long)profile.Items.Length * model.Items.Count * 4 : FactorIndex.EstimateBytes(model.Items.Count, profile.Factors.Length, rounded ? FactorStorage.Int8 : FactorStorage.Float32);
            }
        }

        times.Sort();
        double perQuery = bytes / 9000.0;
        string kind = model is EaseModel ? "rows of B" : rounded ? "int8 item factors" : "item factors";
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"bare scoring, one thread: p50 {times[times.Count / 2]:F0} µs, p99 {times[times.Count * 99 / 100]:F0} µs; reads {perQuery / 1e6:F2} MB of {kind} a query: {perQuery / 31e3:F0} µs at 31 GB/s"));
    }

    private static void MeasureService(
        Ids ids, string name, string[] directories, int threads, double[] rates, double seconds, bool swap)
    {
        using var service = new ServiceProcess(directories);
        var client = new LoadClient(service.Address, Recommendations(ids));
        client.Run(threads, 0, Math.Min(3, seconds)); // lets the code be compiled
        Report(service, "saturation, closed loop", () => client.Run(threads, 0, seconds), seconds);
        foreach (double rate in rates)
        {
            string label = string.Create(CultureInfo.InvariantCulture, $"{rate:F0} req/s, open loop");
            Report(service, label, () => client.Run(threads, rate, seconds), seconds);
            if (swap)
            {
                using var stop = new CancellationTokenSource();
                var swapping = SwapAsync(service.Uri, name, stop.Token);
                Report(service, label + ", swapping", () => client.Run(threads, rate, seconds), seconds);
                stop.Cancel();
                Console.WriteLine($"  {swapping.GetAwaiter().GetResult()} swaps (each loads the model from disk)");
            }
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"service: {service.WorkingSet / 1e6:F0} MB"));
    }

    /// <summary>The service that learns: recommendations while events arrive and are learned.</summary>
    private static void MeasureWithEvents(
        Ids ids, string directory, string data, int threads, double[] rates, double seconds, double events)
    {
        using var service = new ServiceProcess([directory, "--data", data]);
        var readers = new LoadClient(service.Address, Recommendations(ids));
        var writers = new LoadClient(service.Address, [.. Enumerable.Range(0, 4096).Select(q => LoadClient.Post(
            "/api/v1/events",
            $"{{\"user\":\"{ids.Users[(int)((uint)(q * 2246822519u) % (uint)ids.Users.Length)]}\",\"item\":\"{ids.Items[(int)((uint)(q * 3266489917u) % (uint)ids.Items.Length)]}\",\"kind\":\"click\"}}"))]);
        readers.Run(threads, 0, Math.Min(3, seconds));
        Report(service, "learning service, saturation", () => readers.Run(threads, 0, seconds), seconds);
        foreach (double rate in rates)
        {
            LoadResult? written = null;
            var writing = new Thread(() => written = writers.Run(threads, events, seconds));
            writing.Start();
            Report(service, string.Create(CultureInfo.InvariantCulture, $"learning service, {rate:F0} req/s and {events:F0} events/s"), () => readers.Run(threads, rate, seconds), seconds);
            writing.Join();
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  events, one a request, durable: {written!.PerSecond:F0}/s, p50 {written.Latency.Quantile(0.5):F0} µs, p99 {written.Latency.Quantile(0.99):F0} µs; {written.Failed} failed"));
        }
    }

    private static byte[][] Recommendations(Ids ids) =>
    [
        .. Enumerable.Range(0, Math.Min(4096, ids.Users.Length)).Select(q =>
        {
            int user = (int)((uint)(q * 2654435761u) % (uint)ids.Users.Length);
            return LoadClient.Get($"/api/v1/users/{Uri.EscapeDataString(ids.Users[user])}/recommendations?n={Count}");
        }),
    ];

    private static void Report(ServiceProcess service, string label, Func<LoadResult> run, double seconds)
    {
        var before = service.ProcessorTime;
        var result = run();
        double cpu = (service.ProcessorTime - before).TotalSeconds;
        double answers = Math.Max(1, result.PerSecond * seconds);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{label}: {result.PerSecond:F0} req/s, p50 {result.Latency.Quantile(0.5):F0} µs, p99 {result.Latency.Quantile(0.99):F0} µs, p99.9 {result.Latency.Quantile(0.999):F0} µs, max {result.Latency.Max / 1000.0:F1} ms; service CPU {cpu / answers * 1e6:F0} µs a request; {result.Failed} failed, {result.Late} sent late"));
    }

    private static async Task<int> SwapAsync(Uri address, string name, CancellationToken stop)
    {
        using var http = new HttpClient { BaseAddress = address };
        int swaps = 0;
        while (!stop.IsCancellationRequested)
        {
            using var response = await http.PostAsJsonAsync($"/api/v1/models/{name}/activate", new { version = (1 + (swaps % 2)).ToString(CultureInfo.InvariantCulture) }, CancellationToken.None);
            response.EnsureSuccessStatusCode();
            swaps++;
            await Task.Delay(200, CancellationToken.None);
        }

        return swaps;
    }

    private sealed record Ids(string[] Users, string[] Items);
}
