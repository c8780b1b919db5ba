using System.Diagnostics;
using System.Globalization;
using Recsys.Engine.Data;

namespace Recsys.Benchmarks.Data;

/// <summary>
/// Lines read a second by one thread, from generated files in a temporary folder: into a log of interactions, and
/// from there into a matrix. Medians of three runs after one to warm up.
/// </summary>
internal sealed class ReadBenchmark : IBenchmark
{
    private const int Runs = 3;

    public string Name => "read";

    public string Summary => "lines a second of the readers";

    public string Usage => "[--lines 10000000] [--only NAME] [--file PATH …]";

    public int Run(string[] args)
    {
        int lines = 10_000_000;
        string? only = null;
        var given = new List<string>();
        for (int a = 0; a < args.Length; a++)
        {
            if (args[a] == "--lines" && a + 1 < args.Length && int.TryParse(args[a + 1], CultureInfo.InvariantCulture, out lines) && lines > 0)
            {
                a++;
            }
            else if (args[a] == "--only" && a + 1 < args.Length)
            {
                only = args[++a];
            }
            else if (args[a] == "--file" && a + 1 < args.Length)
            {
                given.Add(args[++a]);
            }
            else
            {
                return this.WrongUsage(args[a]);
            }
        }

        if (given.Count > 0)
        {
            WriteHeading();
            given.ForEach(path => Measure(Path.GetFileName(path), path, null));
            return 0;
        }

        var basis = new SyntheticFile.Shape(lines, Users: 200_000, Items: 50_000, Grouped: true);
        (string Name, SyntheticFile.Shape Shape)[] files =
        [
            ("tsv2", basis),
            ("tsv2-shuffled", basis with { Grouped = false }),
            ("csv4", basis with { Separator = ',', Columns = 4 }),
            ("tsv2-gzip", basis with { Gzip = true }),
            ("tsv2-hex-ids", basis with { Grouped = false, Ids = SyntheticFile.Ids.Hex }),
            ("csv4-quoted", basis with { Separator = ',', Columns = 4, Quoted = true }),
        ];
        string folder = Directory.CreateTempSubdirectory("recsys-read-").FullName;
        try
        {
            Console.WriteLine($"{lines} lines, {basis.Users} users, {basis.Items} items; medians of {Runs}");
            WriteHeading();
            foreach (var (name, shape) in files.Where(f => only is null || f.Name == only))
            {
                string path = Path.Combine(folder, name);
                SyntheticFile.Write(path, shape, seed: 42);
                Measure(name, path, lines);
                File.Delete(path);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        return 0;
    }

    private static void WriteHeading() => Console.WriteLine(
        $"{"file",-14} {"MB",6} {"lines",9} {"interactions",13} {"M lines/s cpu",14} {"wall",6} {"ns/interaction",15} {"MB/s",6} {"matrix s",9}");

    private static void Measure(string name, string path, int? lines)
    {
        var cpu = new double[Runs + 1];
        var wall = new double[Runs + 1];
        var matrix = new double[Runs + 1];
        ReadReport report = null!;
        for (int run = 0; run <= Runs; run++)
        {
            GC.Collect();
            var clock = Stopwatch.StartNew();
            double start = ThreadTime.Now;
            (var log, report) = InteractionReader.Read(path);
            cpu[run] = ThreadTime.Now - start;
            wall[run] = clock.Elapsed.TotalSeconds;
            if (lines is not null && (log.Count != lines || report.Lines != lines))
            {
                throw new InvalidOperationException($"{log.Count} of {lines} lines were read");
            }

            start = ThreadTime.Now;
            var dataset = log.ToDataset();
            matrix[run] = ThreadTime.Now - start;
            GC.KeepAlive(dataset);
        }

        double c = Median(cpu);
        string row = string.Create(CultureInfo.InvariantCulture, $"{name,-14} {report.Bytes / 1e6,6:F1} {report.Lines,9} {report.Interactions,13} ")
            + string.Create(CultureInfo.InvariantCulture, $"{report.Lines / c / 1e6,14:F1} {report.Lines / Median(wall) / 1e6,6:F1} ")
            + string.Create(CultureInfo.InvariantCulture, $"{c / report.Interactions * 1e9,15:F1} {report.Bytes / c / 1e6,6:F0} {Median(matrix),9:F3}");
        Console.WriteLine(row);
    }

    private static double Median(double[] runs) => runs.Skip(1).Order().ElementAt(Runs / 2);
}
