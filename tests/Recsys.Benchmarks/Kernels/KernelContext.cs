namespace Recsys.Benchmarks.Kernels;
internal sealed class KernelContext { }
