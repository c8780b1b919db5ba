using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Recsys.Benchmarks.Kernels;

/// <summary>
/// <c>./bench.sh kernels [--json FILE] [--quick] [--only NAME]</c>: every <see cref="IKernelBenchmark"/>. OpenBLAS chooses
/// its kernels when it is loaded, so the work is done by children of this process: first one for each core type that times
/// the reference alone, then one for each core type that was the fastest for some row, which measures those rows, ours
/// and the reference in turns.
/// </summary>
internal sealed class KernelsBenchmark : IBenchmark
{
    private const string RowMark = "row:";

    public string Name => "kernels";

    public string Summary => "dense, ALS and scoring kernels against OpenBLAS, MathNet and the machine's limits";

    public string Usage => "[--json FILE] [--quick] [--only NAME]";

    public int Run(string[] args)
    {
        bool quick = args.Contains("--quick");
        string? only = Option(args, "--only");
        if (args.Contains("--child"))
        {
            return Child(quick, only, args.Contains("--reference-only"), Option(args, "--rows"));
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"FMA peak {Machine.FmaPeak(1):F1} GF/s one thread, {Machine.FmaPeak(2):F1} two; reading {Machine.ReadBandwidth(1):F1} GB/s one thread, {Machine.ReadBandwidth(2):F1} two"));
        var fastest = FastestCoreTypes(quick, only);
        var rows = new List<KernelRow>();
        foreach (string core in OpenBlas.CoreTypes)
        {
            // "auto" also measures whatever has no such reference.
            var others = fastest.Where(f => f.Value != core).Select(f => f.Key);
            var own = fastest.Where(f => f.Value == core).Select(f => f.Key).ToList();
            if (core == "auto" || own.Count > 0)
            {
                string filter = core == "auto" ? "-" + string.Join('|', others) : "+" + string.Join('|', own);
                Start(core, quick, only, ["--rows", filter], row =>
                {
                    rows.Add(row);
                    Print(row);
                });
            }
        }

        if (Option(args, "--json") is { } file)
        {
            File.WriteAllText(file, JsonSerializer.Serialize(rows, new JsonSerializerOptions { WriteIndented = true }));
        }

        int missed = rows.Count(r => r.Ratio < r.Bar);
        Console.WriteLine(missed == 0 ? $"{rows.Count} rows, every bar reached" : $"{rows.Count} rows, {missed} below their bar");
        return 0;
    }

    private static string? Option(string[] args, string name)
    {
        int at = Array.IndexOf(args, name);
        return at >= 0 && at + 1 < args.Length ? args[at + 1] : null;
    }

    private static Dictionary<string, string> FastestCoreTypes(bool quick, string? only)
    {
        var best = new Dictionary<string, (double Seconds, string Core)>();
        if (!OpenBlas.IsAvailable)
        {
            return [];
        }

        foreach (string core in OpenBlas.CoreTypes)
        {
            Start(core, quick, only, ["--reference-only"], row =>
            {
                if (row.Reference is { } seconds && (!best.TryGetValue(row.Name, out var b) || seconds < b.Seconds))
                {
                    best[row.Name] = (seconds, core);
                }
            });
        }

        return best.ToDictionary(b => b.Key, b => b.Value.Core);
    }

    private static void Start(string core, bool quick, string? only, string[] more, Action<KernelRow> report)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        start.ArgumentList.Add(typeof(KernelsBenchmark).Assembly.Location);
        foreach (string argument in (string[])["kernels", "--child", .. quick ? (string[])["--quick"] : [], .. only is null ? (string[])[] : ["--only", only], .. more])
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment.Remove("OPENBLAS_CORETYPE");
        if (core != "auto")
        {
            start.Environment["OPENBLAS_CORETYPE"] = core;
        }

        using var child = Process.Start(start)!;
        while (child.StandardOutput.ReadLine() is { } line)
        {
            if (line.StartsWith(RowMark, StringComparison.Ordinal))
            {
                report(Received(line[RowMark.Length..]));
            }
            else
            {
                Console.WriteLine(line);
            }
        }

        child.WaitForExit();
        if (child.ExitCode != 0)
        {
            throw new InvalidOperationException($"the measuring process ended with {child.ExitCode}");
        }
    }

    private static KernelRow Received(string json)
    {
        var transport = JsonSerializer.Deserialize<Transport>(json)!;
        return transport.Row with { Note = transport.Note };
    }

    private static int Child(bool quick, string? only, bool referenceOnly, string? rows)
    {
        var named = rows?[1..].Split('|').ToHashSet();
        var context = new KernelContext
        {
            Quick = quick,
            HasOpenBlas = OpenBlas.IsAvailable,
            ReferenceOnly = referenceOnly,
            Wants = name => (only is null || name.StartsWith(only, StringComparison.Ordinal)) && (named is null || named.Contains(name) == (rows![0] == '+')),
            Report = row => Console.WriteLine(RowMark + JsonSerializer.Serialize(new Transport(row, row.Note))),
        };
        foreach (var type in typeof(KernelsBenchmark).Assembly.GetTypes().OrderBy(t => t.FullName, StringComparer.Ordinal))
        {
            if (type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(IKernelBenchmark)))
            {
                var benchmark = (IKernelBenchmark)Activator.CreateInstance(type)!;
                if (only is null ? !benchmark.OnlyWhenNamed : only.StartsWith(benchmark.Name, StringComparison.Ordinal) || benchmark.Name.StartsWith(only, StringComparison.Ordinal))
                {
                    benchmark.Run(context);
                }
            }
        }

        return 0;
    }

    private static void Print(KernelRow row)
    {
        string verdict = row.Bar is null ? string.Empty : row.Ratio >= row.Bar ? "ok" : "BELOW";
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{row.Name,-34} {row.Ours,10:G5} {row.Reference,10:G5} {row.Unit,-5} ratio {row.Ratio,6:F3} bar {row.Bar,5:F2} {verdict,-5} {row.Note}"));
    }

    // A row between processes, remark included.
    private sealed record Transport(KernelRow Row, string? Note);
}
