using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Recsys.Benchmarks.Als;
using Recsys.Benchmarks.Kernels;
using Recsys.Engine.Compute;
using Recsys.Engine.Ease;

namespace Recsys.Benchmarks.Ease;

/// <summary>
/// Seconds of a whole EASE fit (Gram, inverse, B) on the real data sets, by phase, and scaled to a machine of 225 GF/s
/// by the FMA peak measured just before and after.
/// </summary>
internal sealed class EaseBenchmark : IBenchmark
{
    private const double ReferencePeak = 225;

    public string Name => "ease";

    public string Summary => "EASE's training against the figures to beat";

    public string Usage => "[--data ml-1m|gowalla] [--repeats 7] [--threads 0] [--json FILE]  (gowalla: some minutes and 7 GB)";

    public int Run(string[] args)
    {
        string data = "ml-1m";
        int repeats = 7, threads = 0;
        string? json = null;
        for (int a = 0; a + 1 < args.Length; a += 2)
        {
            switch (args[a])
            {
                case "--data": data = args[a + 1]; break;
                case "--repeats": repeats = int.Parse(args[a + 1], CultureInfo.InvariantCulture); break;
                case "--threads": threads = int.Parse(args[a + 1], CultureInfo.InvariantCulture); break;
                case "--json": json = args[a + 1]; break;
                default:
                    return this.WrongUsage(args[a]);
            }
        }

        bool large = data == "gowalla";
        var set = AlsBenchmarkData.Load(data);
        var options = new EaseOptions { Regularization = large ? 100 : 700, Threads = threads };
        double peakThreads = threads == 0 ? Environment.ProcessorCount : threads;
        var runs = new List<Phases>();
        double peak = 0;
        for (int r = 0; r < (large ? 1 : repeats + 1); r++)
        {
            peak = Math.Max(peak, Machine.FmaPeak((int)peakThreads));
            var phases = new Phases();
            EaseTrainer.Train(set.Train, options, phases).Dispose();
            phases.End();
            if (large || r > 0)
            {
                runs.Add(phases);
            }
        }

        peak = Math.Max(peak, Machine.FmaPeak((int)peakThreads));
        var median = runs.OrderBy(r => r.Total).ElementAt(runs.Count / 2);
        double scaled = median.Total * peak / ReferencePeak;
        double bar = large ? 420 : 0.40;
        double peer = large ? 420 : 0.80;
        double resident = Process.GetCurrentProcess().PeakWorkingSet64 / 1e9;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"ease {data}: {median.Total:F3} s (median of {runs.Count}: Gram {median.Gram:F3}, inverse {median.Inverse:F3}, B {median.Weights:F3}); FMA peak {peak:F1} GF/s, scaled to {ReferencePeak}: {scaled:F3} s, bar {bar} s; peak memory {resident:F2} GB"));
        if (json is not null)
        {
            var row = new KernelRow($"ease {data}, whole fit at 225 GF/s", scaled, peer, peer / scaled, peer / bar, "s");
            File.WriteAllText(json, JsonSerializer.Serialize(new[] { row }));
        }

        return 0;
    }

    private sealed class Phases : IProgress<TrainingProgress>
    {
        private readonly Stopwatch _clock = Stopwatch.StartNew();

        public double Gram { get; private set; }

        public double Inverse { get; private set; }

        public double Weights => Total - Gram - Inverse;

        public double Total { get; private set; }

        public void Report(TrainingProgress value)
        {
            double now = _clock.Elapsed.TotalSeconds;
            if (value.Phase == "gram")
            {
                Gram = now;
            }
            else if (value.Phase == "inverse")
            {
                Inverse = now - Gram;
            }
        }

        public void End() => Total = _clock.Elapsed.TotalSeconds;
    }
}
