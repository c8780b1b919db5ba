namespace Recsys.Benchmarks.Kernels;

/// <summary>
/// One row, or a few related ones, of <c>./bench.sh kernels</c>. Implementations need a parameterless constructor and
/// are found by reflection: add a class, and it is run.
/// </summary>
internal interface IKernelBenchmark
{
    /// <summary>
    /// What <c>--only</c> matches, e.g. "sgemm"; the names of its rows begin with it ("sgemm 4096, 1 thread").
    /// </summary>
    string Name { get; }

    /// <summary>Too long for the usual round: runs only when <c>--only</c> asks for it.</summary>
    bool OnlyWhenNamed => false;

    /// <summary>Measures, reporting each figure through <see cref="KernelContext.Report"/> as soon as it is known.</summary>
    void Run(KernelContext context);
}
