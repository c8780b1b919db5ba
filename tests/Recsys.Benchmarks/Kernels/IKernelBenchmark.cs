namespace Recsys.Benchmarks.Kernels;

/// <summary>
/// One row, or a few related ones, of <c>./bench.sh kernels</c>. Implementations need a parameterless constructor and
/// are found by reflection: add a class, and it is run.
/// </summary>
internal interface IKernelBenchmark
{
    /// <summary>What <c>--only</c> matches (as a prefix or whole), e.g. "sgemm".</summary>
    string Name { get; }

    /// <summary>Measures, reporting each figure through <see cref="KernelContext.Report"/> as soon as it is known.</summary>
    void Run(KernelContext context);
}
