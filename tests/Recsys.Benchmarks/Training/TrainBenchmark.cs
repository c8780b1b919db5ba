using System.Diagnostics;
using System.Globalization;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Storage;

namespace Recsys.Benchmarks.Training;

/// <summary>
/// Seconds and processor seconds from stored data to a stored model in this process, run after run: the first one has its code
/// compiled. What the figures of silo processes are held against, which read and store the same; with <c>--wait</c> each run
/// begins with a line of standard input, so that they can take turns.
/// </summary>
internal sealed class TrainBenchmark : IBenchmark
{
    public string Name => "train";

    public string Summary => "seconds and processor seconds of reading data, training and saving a model, run after run in one process";

    public string Usage => "FILE ALGORITHM [--runs 2] [--wait] [option=value ...]";

    public int Run(string[] args)
    {
        if (args.Length < 2)
        {
            return this.WrongUsage();
        }

        int given = args.AsSpan().IndexOf("--runs");
        int runs = given < 0 ? 2 : int.Parse(args[given + 1], CultureInfo.InvariantCulture);
        var options = new OptionBag(args[2..].Select(a => a.Split('=')).Where(p => p.Length == 2).Select(p => KeyValuePair.Create(p[0], p[1])));
        for (int run = 1; run <= runs; run++)
        {
            if (args.Contains("--wait") && Console.ReadLine() is null)
            {
                return 0;
            }

            // Here too the first run begins with an algorithm that nobody has asked for anything yet.
            var before = Process.GetCurrentProcess().TotalProcessorTime;
            var clock = Stopwatch.StartNew();
            var algorithm = Algorithms.Get(args[1]);
            string folder = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"));
            var data = Dataset.Load(args[0]);
            double reading = (Process.GetCurrentProcess().TotalProcessorTime - before).TotalSeconds;
            using (var model = algorithm.Train(data, algorithm.Complete(data, options)))
            {
                ModelStore.Save(model.ToContents(), folder);
            }

            Directory.Delete(folder, recursive: true);
            double seconds = clock.Elapsed.TotalSeconds;
            double cpu = (Process.GetCurrentProcess().TotalProcessorTime - before).TotalSeconds;
            Console.WriteLine(FormattableString.Invariant($"run {run}: {seconds:F3} s, {cpu:F3} s of processor, {reading:F3} of it to read the data"));
        }

        return 0;
    }
}
