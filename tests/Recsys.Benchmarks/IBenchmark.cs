namespace Recsys.Benchmarks;

/// <summary>One benchmark of <c>./bench.sh NAME</c>. Implementations need a parameterless constructor.</summary>
internal interface IBenchmark
{
    string Name { get; }

    /// <summary>What it measures.</summary>
    string Summary { get; }

    /// <summary>What comes after its name.</summary>
    string Usage { get; }

    /// <summary>Runs it with the arguments after its name; returns the exit code.</summary>
    int Run(string[] args);
}
