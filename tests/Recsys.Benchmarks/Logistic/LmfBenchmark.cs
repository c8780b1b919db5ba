using System.Diagnostics;
using System.Globalization;
using Recsys.Engine.Compute;
using Recsys.Engine.Logistic;
using Recsys.Engine.Negatives;

namespace Recsys.Benchmarks.Logistic;

/// <summary>
/// Trains on a real data set and reports ranking quality and speed:
/// <c>lmf ml-1m|ml-1m-test|gowalla|gowalla-val [--loss lmf|bpr|softmax] [--OPTION value …]</c>; see <see cref="Parse"/>.
/// </summary>
internal sealed class LmfBenchmark : IBenchmark
{
    public string Name => "lmf";

    public string Summary => "logistic MF, BPR, softmax: quality and seconds on ml-1m or gowalla (ml-1m|ml-1m-test|gowalla|gowalla-val)";

    public int Run(string[] args)
    {
        var task = RankingTask.Load(args.Length > 0 ? args[0] : "ml-1m");
        var options = Parse(args.Skip(1).ToArray(), out int every);
        Console.WriteLine($"{task.Data.Name}: {task.Data.Users.Count} x {task.Data.Items.Count}, {task.Data.Interactions.Count} clicks; {options}");
        if (every > 0)
        {
            for (int epochs = every; epochs <= options.Epochs; epochs += every)
            {
                Measure(task, options with { Epochs = epochs });
            }

            return 0;
        }

        Measure(task, options);
        return 0;
    }

    private static void Measure(RankingTask task, LmfOptions options)
    {
        var clock = Stopwatch.StartNew();
        double last = 0;
        using var model = LmfTrainer.Train(task.Data, options, new Direct(p => last = p.Loss ?? 0));
        double fit = clock.Elapsed.TotalSeconds;
        string metrics = task.Evaluate(model, out double seconds);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"epochs {options.Epochs}: loss {last:F4}  {metrics}  fit {fit:F2} s ({task.Data.Interactions.Count * (double)options.Epochs / fit / 1e3:F0} k clicks/s)  evaluate {seconds:F2} s"));
    }

    private static LmfOptions Parse(string[] args, out int every)
    {
        every = 0;
        var o = new LmfOptions();
        for (int a = 0; a + 1 < args.Length; a += 2)
        {
            string v = args[a + 1];
            float f = float.TryParse(v, CultureInfo.InvariantCulture, out float number) ? number : 0;
            switch (args[a])
            {
                case "--loss": o = LmfOptions.For(v switch { "lmf" => LmfLoss.Logistic, "bpr" => LmfLoss.Bpr, _ => LmfLoss.Softmax }); break;
                case "--factors": o = o with { Factors = (int)f }; break;
                case "--epochs": o = o with { Epochs = (int)f }; break;
                case "--count": o = o with { NegativeCount = (int)f }; break;
                case "--negatives": o = o with { Negatives = NegativeSamplerSpec.Parse(v) }; break;
                case "--rate": o = o with { LearningRate = f }; break;
                case "--reg": o = o with { UserRegularization = f, ItemRegularization = f }; break;
                case "--user-reg": o = o with { UserRegularization = f }; break;
                case "--item-reg": o = o with { ItemRegularization = f }; break;
                case "--bias-reg": o = o with { BiasRegularization = f }; break;
                case "--margin": o = o with { Margin = f }; break;
                case "--dynamic": o = o with { DynamicMargin = f != 0 }; break;
                case "--correction": o = o with { Correction = f }; break;
                case "--spread": o = o with { InitialSpread = f }; break;
                case "--sum": o = o with { InitialSum = f }; break;
                case "--fold-epochs": o = o with { FoldInEpochs = (int)f }; break;
                case "--fold-count": o = o with { FoldInNegatives = (int)f }; break;
                case "--blocks": o = o with { Blocks = (int)f }; break;
                case "--threads": o = o with { Threads = (int)f }; break;
                case "--seed": o = o with { Seed = (ulong)f }; break;
                case "--every": every = (int)f; break;
                default: throw new ArgumentException($"unknown option {args[a]}");
            }
        }

        return o;
    }

    private sealed class Direct(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report(value);
    }
}
