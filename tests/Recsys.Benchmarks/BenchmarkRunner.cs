using Recsys.Engine;

namespace Recsys.Benchmarks;

/// <summary>Runs the benchmark named first on the command line; without a name lists them.</summary>
internal static class BenchmarkRunner
{
    public static int Run(string[] args)
    {
        var benchmarks = typeof(BenchmarkRunner).Assembly.GetTypes()
            .Where(t => t is { IsClass: true, IsAbstract: false } && t.IsAssignableTo(typeof(IBenchmark)))
            .Select(t => (IBenchmark)Activator.CreateInstance(t)!)
            .OrderBy(b => b.Name, StringComparer.Ordinal)
            .ToList();
        if (args.Length > 0 && benchmarks.Find(b => b.Name == args[0]) is { } benchmark)
        {
            return Run(benchmark, args[1..]);
        }

        bool help = args.Length == 0 || IsHelp(args[0]);
        var writer = help ? Console.Out : Console.Error;
        writer.WriteLine("usage: ./bench.sh NAME [options]; ./bench.sh NAME --help shows them");
        foreach (var b in benchmarks)
        {
            writer.WriteLine($"  {b.Name,-16} {b.Summary}");
        }

        return help ? 0 : 2;
    }

    /// <summary>Says how a benchmark is called, and what was wrong; returns the exit code.</summary>
    public static int WrongUsage(this IBenchmark benchmark, string? unknown = null)
    {
        if (unknown is not null)
        {
            Console.Error.WriteLine($"{benchmark.Name}: unknown argument '{unknown}'");
        }

        Console.Error.WriteLine(UsageLine(benchmark));
        return 2;
    }

    private static int Run(IBenchmark benchmark, string[] args)
    {
        if (Array.Exists(args, IsHelp))
        {
            Console.WriteLine(UsageLine(benchmark));
            Console.WriteLine(benchmark.Summary);
            return 0;
        }

        try
        {
            return benchmark.Run(args);
        }
        catch (Exception e) when (e is RecsysException or IOException)
        {
            Console.Error.WriteLine($"{benchmark.Name}: {e.Message.ReplaceLineEndings(" ")}");
            return 1;
        }
    }

    private static string UsageLine(IBenchmark benchmark) => $"usage: ./bench.sh {benchmark.Name} {benchmark.Usage}";

    private static bool IsHelp(string argument) => argument is "--help" or "-h";
}
