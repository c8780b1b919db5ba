using System.Globalization;
using MathNet.Numerics.LinearAlgebra;
using Recsys.Engine.Compute;
using Recsys.Engine.Numerics;

namespace Recsys.Benchmarks.Kernels;

/// <summary>
/// How far B_ij = −P_ij / P_jj from our float32 inverse is from that in float64, on Gram matrices of synthetic
/// interactions (Zipf popularity, classes of taste, about those of ml-1m), for a usual and a small λ.
/// </summary>
internal sealed unsafe class EaseAccuracyBenchmark : IKernelBenchmark
{
    private const double Bar = 5e-6;

    public string Name => "ease accuracy";

    public void Run(KernelContext context)
    {
        int n = context.Quick ? 512 : 2048;
        foreach (double lambda in new[] { 500.0, 30.0 })
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"{Name} {n}, lambda {lambda}");
            if (context.ReferenceOnly || !context.Wants(name))
            {
                continue;
            }

            using var gram = Gram(n, 5000, lambda);
            double[] exact = Invert(gram);
            using var pool = new ComputePool(2);
            string note = "relative Frobenius error of B; the reference is the bar";
            if (context.HasOpenBlas)
            {
                using var theirs = new DenseMatrix(n, n);
                Matrices.Copy(gram, theirs);
                OpenBlas.Spotrf(n, theirs.Pointer, theirs.Stride);
                OpenBlas.Spotri(n, theirs.Pointer, theirs.Stride);
                note += string.Create(CultureInfo.InvariantCulture, $"; OpenBLAS potrf+potri {Error(exact, theirs):E2}");
            }

            SpdInverse.Invert(gram, pool);
            double error = Error(exact, gram);
            context.Report(new KernelRow(name, error, Bar, Bar / error, 1, "rel", note));
        }
    }

    // Lower triangles alone are compared by mirroring on the fly.
    private static double Error(double[] exact, DenseMatrix inverse)
    {
        int n = inverse.Rows;
        double error = 0;
        double norm = 0;
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++)
            {
                if (i != j)
                {
                    var (row, column) = (Math.Max(i, j), Math.Min(i, j));
                    double b = -exact[((long)row * n) + column] / exact[((long)j * n) + j];
                    double ours = -inverse[row, column] / inverse[j, j];
                    error += (b - ours) * (b - ours);
                    norm += b * b;
                }
            }
        }

        return Math.Sqrt(error / norm);
    }

    private static double[] Invert(DenseMatrix gram)
    {
        int n = gram.Rows;
        var a = new double[(long)n * n];
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++)
            {
                a[((long)i * n) + j] = gram[i, j];
            }
        }

        if (!OpenBlas.IsAvailable)
        {
            return Matrix<double>.Build.Dense(n, n, a).Cholesky().Solve(Matrix<double>.Build.DenseIdentity(n)).ToColumnMajorArray();
        }

        fixed (double* pointer = a)
        {
            OpenBlas.Dpotrf(n, pointer, n);
            OpenBlas.Dpotri(n, pointer, n);
        }

        return a;
    }

    private static DenseMatrix Gram(int items, int users, double lambda)
    {
        var random = new Random(1);
        var popularity = Enumerable.Range(0, items).Select(i => 1 / Math.Pow(i + 5, 0.9)).ToArray();
        double scale = 21 / popularity.Sum();
        var gram = new DenseMatrix(items, items);
        var history = new List<int>();
        for (int user = 0; user < users; user++)
        {
            history.Clear();
            double activity = Math.Exp(random.NextDouble() * 2.5);
            for (int item = 0; item < items; item++)
            {
                if (random.NextDouble() < popularity[item] * scale * activity * (item % 7 == user % 7 ? 3 : 0.67))
                {
                    history.Add(item);
                }
            }

            foreach (int i in history)
            {
                float* row = gram.RowPointer(i);
                foreach (int j in history)
                {
                    row[j]++;
                }
            }
        }

        for (int item = 0; item < items; item++)
        {
            gram[item, item] += (float)lambda;
        }

        return gram;
    }
}
