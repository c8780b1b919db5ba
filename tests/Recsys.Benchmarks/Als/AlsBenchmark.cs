using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Recsys.Benchmarks.Kernels;
using Recsys.Engine;
using Recsys.Engine.Als;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;

namespace Recsys.Benchmarks.Als;

/// <summary>
/// Seconds an iteration of ALS training by solver on the real data sets, as measured and scaled to a machine of
/// 225 GF/s by the FMA peak measured just before; quality, and on ml-1m the time until ndcg@100 on the test users is .430.
/// </summary>
internal sealed class AlsBenchmark : IBenchmark
{
    private const double ReferencePeak = 225;
    private const double TargetNdcg = 0.430;

    public string Name => "als";

    public string Summary => "seconds an iteration of ALS, by solver, against the figures to beat";

    public string Usage => "[--data ml-1m|gowalla] [--solver cholesky|cg|subspace] [--factors 128] [--iterations 15] [--threads 0] [--alpha A] [--regularization L] [--exponent E] [--unobserved W] [--cg-steps 3] [--quick] [--json FILE]";

    public int Run(string[] args)
    {
        string? data = null;
        AlsSolver? solver = null;
        int factors = 128, iterations = 15, threads = 0;
        bool quick = false;
        double? alpha = null, regularization = null, unobserved = null;
        double exponent = 0;
        int cgSteps = 3;
        string? json = null;
        var rows = new List<KernelRow>();
        for (int a = 0; a < args.Length; a++)
        {
            string value = a + 1 < args.Length ? args[a + 1] : "";
            switch (args[a])
            {
                case "--data": data = value; a++; break;
                case "--solver": solver = Solver(value); a++; break;
                case "--factors": factors = int.Parse(value, CultureInfo.InvariantCulture); a++; break;
                case "--iterations": iterations = int.Parse(value, CultureInfo.InvariantCulture); a++; break;
                case "--threads": threads = int.Parse(value, CultureInfo.InvariantCulture); a++; break;
                case "--alpha": alpha = double.Parse(value, CultureInfo.InvariantCulture); a++; break;
                case "--regularization": regularization = double.Parse(value, CultureInfo.InvariantCulture); a++; break;
                case "--exponent": exponent = double.Parse(value, CultureInfo.InvariantCulture); a++; break;
                case "--unobserved": unobserved = double.Parse(value, CultureInfo.InvariantCulture); a++; break;
                case "--cg-steps": cgSteps = int.Parse(value, CultureInfo.InvariantCulture); a++; break;
                case "--json": json = value; a++; break;
                case "--quick": quick = true; break;
                default:
                    return this.WrongUsage(args[a]);
            }
        }

        Console.WriteLine($"{"data",-8} {"solver",-18} {"k",4} {"s/it",8} {"best",8} {"cpu s",8} {"FMA GF/s",9} {"scaled",8} {"loss",12}  quality");
        var options = new AlsOptions
        {
            Factors = factors,
            Iterations = iterations,
            Threads = threads,
            RegularizationExponent = exponent,
            UnobservedWeight = unobserved,
            CgSteps = cgSteps,
        };
        AlsSolver[] solvers = solver is { } one ? [one] : [AlsSolver.Cholesky, AlsSolver.ConjugateGradient, AlsSolver.Subspace];
        foreach (string set in data is null ? ["ml-1m", "gowalla"] : new[] { data })
        {
            var run = AlsBenchmarkData.Load(set);
            var (a, l) = set == "gowalla" ? (39, 30) : (11, 100);
            foreach (var s in solvers)
            {
                rows.Add(Measure(
                    run,
                    options with { Alpha = alpha ?? (unobserved is null ? a : null), Regularization = regularization ?? l, Solver = s },
                    quick));
            }
        }

        if (json is not null)
        {
            File.WriteAllText(json, JsonSerializer.Serialize(rows, new JsonSerializerOptions { WriteIndented = true }));
        }

        return 0;
    }

    private static AlsSolver Solver(string name) => name switch
    {
        "cholesky" => AlsSolver.Cholesky,
        "cg" => AlsSolver.ConjugateGradient,
        "subspace" => AlsSolver.Subspace,
        _ => throw new InvalidOptionException($"unknown solver '{name}'; there are cholesky, cg, subspace"),
    };

    private static KernelRow Measure(AlsBenchmarkData data, AlsOptions options, bool quick)
    {
        AlsTrainer.Train(data.Train, options with { Iterations = 2 }).Dispose();
        double peak = Machine.FmaPeak(options.Threads == 0 ? Environment.ProcessorCount : options.Threads);
        var clock = new IterationClock();
        using var model = AlsTrainer.Train(data.Train, options, clock);
        double median = clock.Median;
        string quality = quick ? "" : data.Quality(model);
        if (!quick && data.Name == "ml-1m")
        {
            quality += "  " + TimeToTarget(data, options, clock);
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{data.Name,-8} {options.Solver,-18} {options.Factors,4} {median,8:F4} {clock.Best,8:F4} {clock.Cpu,8:F4} {peak,9:F1} {median * peak / ReferencePeak,8:F4} {model.Losses[^1],12:F0}  {quality}"));
        double scaled = median * peak / ReferencePeak;
        var (peer, bar) = Peer(data.Name, options);
        string name = string.Create(CultureInfo.InvariantCulture, $"als {data.Name} k={options.Factors} {options.Solver}, s/iteration at 225 GF/s");
        return new KernelRow(name, scaled, peer, peer / scaled, peer / bar, "s", quality.Trim());
    }

    /// <summary>Seconds an iteration of the fastest peer with the same solver (where it was measured), and what ours may take.</summary>
    private static (double? Peer, double? Bar) Peer(string data, AlsOptions options) =>
        options is not { Factors: 128, RegularizationExponent: 0, UnobservedWeight: null } ? (null, null)
        : (data, options.Solver) switch
        {
            ("ml-1m", AlsSolver.Cholesky) => (0.38, 0.18),
            ("ml-1m", AlsSolver.ConjugateGradient) => (0.092, 0.05),
            ("ml-1m", AlsSolver.Subspace) => (0.245, 0.245),
            ("gowalla", AlsSolver.Cholesky) => (2.2, 2.2),
            ("gowalla", AlsSolver.ConjugateGradient) => (0.33, 0.17),
            ("gowalla", AlsSolver.Subspace) => (1.41, 1.41),
            _ => (null, null),
        };

    /// <summary>Training is deterministic: a run of i iterations is the first i iterations of the timed run.</summary>
    private static string TimeToTarget(AlsBenchmarkData data, AlsOptions options, IterationClock clock)
    {
        for (int i = 1; i <= options.Iterations; i++)
        {
            using var model = AlsTrainer.Train(data.Train, options with { Iterations = i });
            double ndcg = data.Ndcg100(model);
            if (ndcg >= TargetNdcg)
            {
                return string.Create(
                    CultureInfo.InvariantCulture, $"ndcg@100 {ndcg:F4} after {i} iterations, {clock.Seconds.Take(i).Sum():F3} s");
            }
        }

        return $"ndcg@100 .430 not reached in {options.Iterations} iterations";
    }

    private sealed class IterationClock : IProgress<TrainingProgress>
    {
        private readonly List<double> _seconds = [];
        private readonly List<double> _cpu = [];
        private long _last;
        private TimeSpan _lastCpu;

        public IReadOnlyList<double> Seconds => _seconds;

        public double Median => _seconds.Skip(1).Order().ElementAt((_seconds.Count - 1) / 2);

        public double Best => _seconds.Skip(1).Min();

        public void Report(TrainingProgress value)
        {
            // The first iteration's own duration is in its remark; later ones are the time between reports.
            long now = Stopwatch.GetTimestamp();
            _seconds.Add(_last == 0
                ? double.Parse(value.Detail!.Split(' ')[0], CultureInfo.InvariantCulture)
                : Stopwatch.GetElapsedTime(_last, now).TotalSeconds);
            _last = now;
            var cpu = Environment.CpuUsage.TotalTime;
            _cpu.Add((cpu - _lastCpu).TotalSeconds);
            _lastCpu = cpu;
        }

        /// <summary>Processor seconds of all threads an iteration.</summary>
        public double Cpu => _cpu.Skip(1).Order().ElementAt((_cpu.Count - 1) / 2);
    }
}
