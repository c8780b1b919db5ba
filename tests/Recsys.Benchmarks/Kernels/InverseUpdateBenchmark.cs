using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Numerics;

namespace Recsys.Benchmarks.Kernels;

/// <summary>
/// The rank-r change of an inverse (streaming EASE), against what one would write with OpenBLAS once T and Z are known:
/// P −= Tᵀ·Z by sgemm on the whole matrix.
/// </summary>
internal sealed unsafe class InverseUpdateBenchmark : IKernelBenchmark
{
    public string Name => "inverse update";

    public void Run(KernelContext context)
    {
        int n = context.Quick ? 2048 : 8192;
        const int Threads = 2;
        foreach (int users in new[] { 1, 32 })
        {
            string name = $"{Name} {n}, rank {2 * users}, {Threads} threads";
            if (!context.Wants(name))
            {
                continue;
            }

            using var pool = new ComputePool(Threads);
            using var p = new DenseMatrix(n, n);

            // G = 10⁴·I: rows of squared length 100 can be taken away from it before they were added.
            for (int i = 0; i < n; i++)
            {
                p[i, i] = 1e-4f;
            }

            var added = Rows(users, n, 1);
            var removed = Rows(users, n, 2);
            using var t = Matrices.Random(2 * users, n);
            Action? reference = null;
            if (context.HasOpenBlas)
            {
                OpenBlas.SetThreads(Threads);
                reference = () => OpenBlas.Sgemm(
                    OpenBlas.Transpose, OpenBlas.NoTranspose, n, n, 2 * users, -1e-20f, t.Pointer, t.Stride, t.Pointer, t.Stride, 1, p.Pointer, p.Stride);
            }

            // Adding and removing the same rows in turns keeps P what it is.
            bool forward = true;
            context.Compare(
                name,
                Threads,
                5,
                null,
                () =>
                {
                    InverseUpdate.Apply(p, forward ? added : removed, forward ? removed : added, pool);
                    forward = !forward;
                },
                reference,
                null,
                null);
        }
    }

    private static SparseMatrix Rows(int rows, int columns, int seed)
    {
        var random = new Random(seed);
        var items = Enumerable.Range(0, rows)
            .Select(_ => Enumerable.Range(0, 100).Select(_ => random.Next(columns)).Distinct().Order().ToArray())
            .ToArray();
        var offsets = new long[rows + 1];
        for (int row = 0; row < rows; row++)
        {
            offsets[row + 1] = offsets[row] + items[row].Length;
        }

        return new SparseMatrix(rows, columns, offsets, [.. items.SelectMany(i => i)]);
    }
}
