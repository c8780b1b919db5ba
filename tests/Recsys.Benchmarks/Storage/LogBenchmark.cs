using System.Diagnostics;
using System.Globalization;
using Recsys.Engine.Storage;

namespace Recsys.Benchmarks.Storage;

/// <summary>The event log alone: appends in batches and one by one, reading, opening.</summary>
internal sealed class LogBenchmark : IBenchmark
{
    public string Name => "log";

    public string Summary => "the durable event log: appends, reads, opening";

    public string Usage => "[EVENTS, 2000000] [FOLDER]";

    public int Run(string[] args)
    {
        int events = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 2_000_000;
        string parent = args.Length > 1 ? args[1] : Path.GetTempPath();
        Append(parent, events, producers: 1, batch: 1000, dedup: true);
        Append(parent, events, producers: 4, batch: 1000, dedup: true);
        Append(parent, events, producers: 4, batch: 1000, dedup: false);
        Append(parent, events, producers: 16, batch: 100, dedup: true);
        Append(parent, events / 10, producers: 1000, batch: 1, dedup: true);
        Append(parent, Math.Min(events, 2000), producers: 1, batch: 1, dedup: true);
        return 0;
    }

    private static void Append(string parent, int events, int producers, int batch, bool dedup)
    {
        string folder = Path.Combine(parent, $"recsys-log-{Environment.ProcessId}");
        var options = new EventLogOptions { DedupEvents = dedup ? 1_000_000 : 0 };
        try
        {
            // The events are made before the clock starts; their encoding is part of appending.
            int rounds = Math.Max(1, events / producers / batch);
            var made = Enumerable.Range(0, producers).Select(p => Enumerable.Range(0, rounds)
                .Select(r => Enumerable.Range(0, batch).Select(i => Make((((long)p * rounds) + r) * batch + i)).ToArray()).ToArray()).ToArray();
            GC.Collect();
            long total = (long)producers * rounds * batch;
            var latencies = new double[producers][];
            double seconds;
            TimeSpan cpu;
            using (var log = EventLog.Open(folder, options))
            {
                var cpuStart = Process.GetCurrentProcess().TotalProcessorTime;
                long start = Stopwatch.GetTimestamp();
                Task.WhenAll(Enumerable.Range(0, producers).Select(p => Task.Run(async () =>
                {
                    latencies[p] = new double[rounds];
                    for (int r = 0; r < rounds; r++)
                    {
                        long sent = Stopwatch.GetTimestamp();
                        if (batch == 1)
                        {
                            await log.AppendAsync(made[p][r][0]);
                        }
                        else
                        {
                            await log.AppendAsync(made[p][r]);
                        }

                        latencies[p][r] = Stopwatch.GetElapsedTime(sent).TotalMilliseconds;
                    }
                }))).GetAwaiter().GetResult();
                seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
                cpu = Process.GetCurrentProcess().TotalProcessorTime - cpuStart;
            }

            long bytes = Directory.GetFiles(folder).Sum(f => new FileInfo(f).Length);
            var sorted = latencies.SelectMany(l => l).Order().ToArray();
            Console.Write($"{producers,4} × {batch,4}{(dedup ? "" : " (no dedup)"),-11} {total / seconds,11:N0} events/s  {bytes / seconds / 1e6,6:F0} MB/s  ");
            Console.Write($"CPU {cpu.TotalSeconds / seconds,4:F2}  ack p50 {sorted[sorted.Length / 2],6:F2} ms  p99 {sorted[(int)(sorted.Length * 0.99)],6:F2} ms");
            Read(folder, options, total);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Read(string folder, EventLogOptions options, long total)
    {
        long start = Stopwatch.GetTimestamp();
        using var log = EventLog.Open(folder, options);
        double opened = Stopwatch.GetElapsedTime(start).TotalSeconds;
        start = Stopwatch.GetTimestamp();
        long count = 0;
        long texts = 0;
        foreach (var batch in log.Read(0))
        {
            for (int i = 0; i < batch.Count; i++)
            {
                var e = batch[i];
                texts += e.User.Length + e.Item.Length;
                count++;
            }
        }

        double read = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Console.WriteLine($"  open {opened:F2} s  read {count / read,11:N0} events/s");
        if (count != total || texts == 0)
        {
            throw new InvalidOperationException($"{count} events read, {total} written");
        }
    }

    private static InteractionEvent Make(long i) => new(
        $"0193e4a0-7c3f-7{i % 1000:D3}-8000-{i:D12}",
        (i * 7919 % 29858).ToString(CultureInfo.InvariantCulture),
        (i * 104729 % 40981).ToString(CultureInfo.InvariantCulture),
        EventKind.Click,
        1,
        DateTimeOffset.UnixEpoch.AddMilliseconds(i));
}
