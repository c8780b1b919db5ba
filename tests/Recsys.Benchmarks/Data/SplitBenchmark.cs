using System.Diagnostics;
using System.Globalization;
using Recsys.Engine.Data;

namespace Recsys.Benchmarks.Data;

/// <summary>Seconds of the splits, of writing their files and of the fingerprint, on a generated log.</summary>
internal sealed class SplitBenchmark : IBenchmark
{
    public string Name => "split";

    public string Summary => "seconds of the splits and of writing them";

    public string Usage => "[--lines 10000000]";

    public int Run(string[] args)
    {
        int lines = 10_000_000;
        if (args.Length != 0 && !(args is ["--lines", var text] && int.TryParse(text, CultureInfo.InvariantCulture, out lines) && lines > 0))
        {
            return this.WrongUsage();
        }

        string folder = Directory.CreateTempSubdirectory("recsys-split-").FullName;
        try
        {
            string path = Path.Combine(folder, "log.tsv");
            SyntheticFile.Write(path, new SyntheticFile.Shape(lines, 200_000, 50_000, Grouped: false, Columns: 4), seed: 42);
            var (log, _) = InteractionReader.Read(path);
            File.Delete(path);
            var clock = Stopwatch.StartNew();
            log.ToDataset().Fingerprint();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"fingerprint",-14} {clock.Elapsed.TotalSeconds,6:F2} s"));
            foreach (var strategy in Enum.GetValues<SplitStrategy>())
            {
                GC.Collect();
                clock.Restart();
                var split = Splitter.Split(log, new SplitOptions { Strategy = strategy });
                double seconds = clock.Elapsed.TotalSeconds;
                clock.Restart();
                split.Write(folder);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture, $"{strategy,-14} {seconds,6:F2} s, files {clock.Elapsed.TotalSeconds,6:F2} s"));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        return 0;
    }
}
