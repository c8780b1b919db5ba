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
            return benchmark.Run(args[1..]);
        }

        Console.Error.WriteLine("usage: ./bench.sh NAME [options]");
        foreach (var b in benchmarks)
        {
            Console.Error.WriteLine($"  {b.Name,-12} {b.Summary}");
        }

        return args.Length == 0 ? 0 : 2;
    }
}
