using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Recsys.Engine.Data;
using Recsys.Engine.Numerics;
using Recsys.Engine.Storage;

namespace Recsys.Benchmarks.Storage;

/// <summary>Saving, opening, reading and mapping one large matrix.</summary>
internal sealed class StoreBenchmark : IBenchmark
{
    public string Name => "store";

    public string Summary => "a model's matrix saved and read back";

    public string Usage => "[ROWS = COLUMNS, 16384] [FOLDER]";

    public unsafe int Run(string[] args)
    {
        int n = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 16384;
        string folder = Path.Combine(args.Length > 1 ? args[1] : Path.GetTempPath(), $"recsys-bench-{Environment.ProcessId}");
        using var matrix = new DenseMatrix(n, n);
        for (int r = 0; r < n; r++)
        {
            matrix.Row(r).Fill(r);
        }

        var ids = IdTable.Sequential(n);
        var contents = new ModelContents(
            new ModelFacts("ease", new JsonObject(), []),
            new Dictionary<string, Tensor> { ["weights"] = Tensor.From(matrix) },
            ids,
            ids,
            new SparseMatrix(n, n, new long[n + 1], []));
        double gigabytes = (double)n * n * sizeof(float) / 1e9;
        long resident = Process.GetCurrentProcess().PeakWorkingSet64;
        try
        {
            Time("save", gigabytes, () => ModelStore.Save(contents, folder));
            Console.WriteLine($"peak grew by {(Process.GetCurrentProcess().PeakWorkingSet64 - resident) / 1e6:F0} MB");
            Time("open", gigabytes, () => ModelStore.Open(folder).Dispose());
            foreach (int threads in new[] { 1, 2 })
            {
                using var stored = ModelStore.Open(folder, new OpenOptions { Threads = threads });
                Time($"matrix, {threads} threads", gigabytes, () => stored.Matrix("weights").Dispose());
                Time($"map, checked, {threads} threads", gigabytes, () => ((IDisposable)stored.Map("weights").Owner!).Dispose());
            }

            Time("open, SHA-256", gigabytes, () => ModelStore.Open(folder, new OpenOptions { Verify = ModelVerification.Sha256 }).Dispose());
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

    private static void Time(string what, double gigabytes, Action action)
    {
        var process = Process.GetCurrentProcess();
        var cpu = process.TotalProcessorTime;
        long start = Stopwatch.GetTimestamp();
        action();
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        process.Refresh();
        Console.WriteLine($"{what,-24} {seconds,8:F3} s  {gigabytes / seconds,7:F2} GB/s  CPU {(process.TotalProcessorTime - cpu).TotalSeconds:F2} s");
    }
}
