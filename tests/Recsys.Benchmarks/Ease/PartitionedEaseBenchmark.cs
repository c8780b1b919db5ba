using System.Diagnostics;
using System.Globalization;
using Recsys.Benchmarks.Als;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Ease;
using Recsys.Engine.Ease.Distributed;
using Recsys.Engine.Storage;

namespace Recsys.Benchmarks.Ease;

/// <summary>
/// EASE over partitions beside EASE in one piece, in turns: seconds, processor seconds, and bytes moved beside the formula.
/// Hosts are parts of this process with threads of their own; every block between them is copied as a serializer would.
/// </summary>
internal sealed class PartitionedEaseBenchmark : IBenchmark
{
    public string Name => "ease-partitions";

    public string Summary => "EASE over partitions next to one matrix: seconds, processor time, bytes moved";

    public string Usage => "[--data ml-1m|gowalla] [--items N] [--partitions 2] [--hosts 2] [--repeats 5] [--checkpoints DIR] [--every PIVOTS]";

    public int Run(string[] args)
    {
        var options = new Dictionary<string, string>
        {
            ["--data"] = "ml-1m",
            ["--items"] = "0",
            ["--partitions"] = "2",
            ["--hosts"] = "2",
            ["--repeats"] = "5",
            ["--checkpoints"] = "",
            ["--every"] = "0",
        };
        for (int a = 0; a + 1 < args.Length; a += 2)
        {
            if (!options.ContainsKey(args[a]))
            {
                return this.WrongUsage(args[a]);
            }

            options[args[a]] = args[a + 1];
        }

        int Number(string name) => int.Parse(options[name], CultureInfo.InvariantCulture);
        int hosts = Number("--hosts"), partitions = Number("--partitions"), items = Number("--items");
        int threads = Math.Max(1, Environment.ProcessorCount / hosts);
        var data = AlsBenchmarkData.Load(options["--data"]).Train;
        data = items > 0 && items < data.Items.Count ? FirstItems(data, items) : data;
        var ease = new EaseOptions { Regularization = options["--data"] == "gowalla" ? 100 : 700, Threads = threads * hosts };
        using var pools = new Pools(hosts, threads);
        IBlobStore? store = options["--checkpoints"].Length > 0 ? new FileBlobStore(options["--checkpoints"]) : null;
        var run = new EaseRunOptions { Checkpoints = store is not null, CheckpointEvery = Number("--every") };
        var single = new List<(double Seconds, double Cpu)>();
        var spread = new List<(double Seconds, double Cpu)>();
        EaseOutcome? outcome = null;
        PhaseClock[] phases = [];
        EaseLayout? layout = null;
        int[] hostOf = [];
        for (int r = 0; r <= Number("--repeats"); r++)
        {
            phases = [new PhaseClock(), new PhaseClock()];
            var one = Measure(() => EaseTrainer.Train(data, ease, phases[0]).Dispose());
            var many = Measure(() =>
            {
                phases[1] = new PhaseClock();
                var local = new LocalEase($"bench-{r}", data, ease, partitions, hosts, pools[0], store, t => new CopyingPartition(t), h => pools[h]);
                var coordinator = new EaseCoordinator(local.Plan, local.Partitions, run);
                outcome = coordinator.RunAsync(phases[1], default).GetAwaiter().GetResult();
                layout = new EaseLayout(local.Plan);
                hostOf = [.. Enumerable.Range(0, partitions).Select(local.HostOf)];
                coordinator.EndAsync(default).GetAwaiter().GetResult();
                local.DisposeAsync().AsTask().GetAwaiter().GetResult();
            });
            if (r > 0 || Number("--repeats") == 0)
            {
                single.Add(one);
                spread.Add(many);
            }
        }

        Print(data.Items.Count, partitions, hosts, threads, single, spread, outcome!, layout!, hostOf);
        Console.WriteLine($"processor seconds by phase, last run: one piece {phases[0]}; partitions {phases[1]}");
        return 0;
    }

    private static void Print(
        int items,
        int partitions,
        int hosts,
        int threads,
        List<(double Seconds, double Cpu)> single,
        List<(double Seconds, double Cpu)> spread,
        EaseOutcome outcome,
        EaseLayout layout,
        int[] hostOf)
    {
        double ratio = Median(single.Zip(spread, (one, many) => many.Cpu / one.Cpu));
        double slower = Median(single.Zip(spread, (one, many) => many.Seconds / one.Seconds));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"ease of {items} items, {partitions} partitions on {hosts} hosts of {threads} threads (medians of {single.Count}): one piece {Median(single.Select(s => s.Seconds)):F3} s, {Median(single.Select(s => s.Cpu)):F3} s of processor; partitions {Median(spread.Select(s => s.Seconds)):F3} s, {Median(spread.Select(s => s.Cpu)):F3} s; ratios {slower:F3}, {ratio:F3}"));
        var costs = outcome.Costs;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"moved: panels {costs.PanelBytes / 1e6:F1} MB (formula {EaseTraffic.PanelBytes(layout, hostOf) / 1e6:F1}), exchange {costs.ExchangeBytes / 1e6:F1} MB ({EaseTraffic.ExchangeBytes(layout, hostOf) / 1e6:F1}); waited {costs.WaitSeconds / partitions:F3} s a partition; checkpoints {costs.CheckpointBytes / 1e6:F1} MB, {costs.CheckpointSeconds / partitions:F3} s a partition"));
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    private static (double Seconds, double Cpu) Measure(Action action)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        using var process = Process.GetCurrentProcess();
        double cpu = process.TotalProcessorTime.TotalSeconds;
        long start = Stopwatch.GetTimestamp();
        action();
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        process.Refresh();
        return (seconds, process.TotalProcessorTime.TotalSeconds - cpu);
    }

    private static Dataset FirstItems(Dataset data, int items)
    {
        var x = data.Interactions;
        var offsets = new long[x.Rows + 1];
        var columns = new List<int>();
        for (int u = 0; u < x.Rows; u++)
        {
            foreach (int i in x.Row(u))
            {
                if (i < items)
                {
                    columns.Add(i);
                }
            }

            offsets[u + 1] = columns.Count;
        }

        var matrix = new SparseMatrix(x.Rows, items, offsets, [.. columns]);
        return new Dataset(data.Users, IdTable.Sequential(items), matrix);
    }

    /// <summary>Processor seconds of the process at the end of each phase, from the start.</summary>
    private sealed class PhaseClock : IProgress<TrainingProgress>
    {
        private readonly TimeSpan _start = Environment.CpuUsage.TotalTime;
        private readonly Dictionary<string, double> _ends = [];

        public void Report(TrainingProgress value)
        {
            lock (_ends)
            {
                _ends[value.Phase] = (Environment.CpuUsage.TotalTime - _start).TotalSeconds;
            }
        }

        public override string ToString() =>
            string.Join(", ", _ends.Select(e => string.Create(CultureInfo.InvariantCulture, $"{e.Key} {e.Value:F3}")));
    }

    private sealed class Pools(int hosts, int threads) : IDisposable
    {
        private readonly ComputePool[] _pools = [.. Enumerable.Range(0, hosts).Select(_ => new ComputePool(threads))];

        public ComputePool this[int host] => _pools[host];

        public void Dispose() => Array.ForEach(_pools, p => p.Dispose());
    }
}
