using System.Diagnostics;
using System.Globalization;
using Recsys.Engine.Compute;
using Recsys.Engine.Logistic;
using Recsys.Engine.Models;

namespace Recsys.Benchmarks.Logistic;

/// <summary>
/// Trains on a real data set and reports ranking quality and speed: <c>lmf DATA lmf|bpr|softmax [--every N] [--OPTION VALUE …]</c>
/// with the options of <c>recsys fit</c>; --every N reports after every N epochs of one training.
/// </summary>
internal sealed class LmfBenchmark : IBenchmark
{
    public string Name => "lmf";

    public string Summary => "logistic MF, BPR, softmax on real data";

    public string Usage => "[ml-1m|ml-1m-test|gowalla-val|gowalla] [softmax|bpr|lmf] [--every N] [model options]";

    public int Run(string[] args)
    {
        var task = RankingTask.Load(args.Length > 0 ? args[0] : "ml-1m");
        var algorithm = (LmfAlgorithm)Algorithms.Get(args.Length > 1 ? args[1] : "softmax");
        int every = int.MaxValue;
        var given = new Dictionary<string, string>();
        for (int a = 2; a + 1 < args.Length; a += 2)
        {
            if (args[a] == "--every")
            {
                every = int.Parse(args[a + 1], CultureInfo.InvariantCulture);
            }
            else
            {
                given[args[a].TrimStart('-')] = args[a + 1];
            }
        }

        var options = algorithm.Parse(new OptionBag(given));
        Console.WriteLine($"{task.Data.Users.Count} x {task.Data.Items.Count}, {task.Data.Interactions.Count} clicks; {LmfAlgorithm.ToJson(options).ToJsonString()}");
        Train(task, options, every);
        return 0;
    }

    private static void Train(RankingTask task, LmfOptions options, int every)
    {
        using var pool = new ComputePool(options.Threads);
        using var training = new LmfTraining(task.Data.Interactions, options);
        var clock = new Stopwatch();
        for (int epoch = 0; epoch < options.Epochs; epoch++)
        {
            clock.Start();
            double loss = training.RunEpoch(epoch, pool, default);
            clock.Stop();
            if ((epoch + 1) % every == 0 || epoch + 1 == options.Epochs)
            {
                double fit = clock.Elapsed.TotalSeconds;
                using var model = training.Snapshot(task.Data);
                var result = task.Evaluate(model);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"epochs {epoch + 1}: loss {loss:F4}  {task.Text(result)}  fit {fit:F2} s ({task.Data.Interactions.Count * (epoch + 1.0) / fit / 1e3:F0} k clicks/s)  evaluate {result.Seconds:F2} s"));
            }
        }
    }
}
