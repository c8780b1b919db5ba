using System.Globalization;
using System.Runtime.Intrinsics;
using Recsys.Benchmarks.Data;
using Recsys.Engine.Als;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Numerics;

namespace Recsys.Benchmarks.Als;

/// <summary>Microseconds of processor time of the pieces of one row's solution.</summary>
internal sealed unsafe class AlsRowBenchmark : IBenchmark
{
    public string Name => "als-rows";

    public string Summary => "microseconds a row of the small solvers";

    public int Run(string[] args)
    {
        foreach (int k in new[] { 64, 128, 256 })
        {
            Pieces(k);
            foreach (int n in new[] { 20, 64, 165, 1000 })
            {
                Console.Write($"k {k,4} n {n,5}");
                foreach (var solver in Enum.GetValues<AlsSolver>())
                {
                    Console.Write(string.Create(CultureInfo.InvariantCulture, $"  {solver} {Row(k, n, solver):F2} us"));
                }

                Reference(k, n);
                Console.WriteLine();
            }
        }

        return 0;
    }

    private static double Row(int k, int n, AlsSolver solver)
    {
        const int Users = 2048, Items = 4000;
        var random = new Random(1);
        var offsets = new long[Users + 1];
        var columns = new List<int>();
        for (int u = 0; u < Users; u++)
        {
            var row = new SortedSet<int>();
            while (row.Count < n)
            {
                row.Add(random.Next(Items));
            }

            columns.AddRange(row);
            offsets[u + 1] = columns.Count;
        }

        var data = new Dataset(IdTable.Sequential(Users), IdTable.Sequential(Items), new SparseMatrix(Users, Items, offsets, [.. columns]));
        var options = new AlsOptions { Factors = k, Alpha = 10, Regularization = 10, Threads = 1, Solver = solver };
        using var pool = new ComputePool(1);
        using var sides = new LocalSides(data, options, pool);
        sides.Items[0].InitializeAsync(default).Wait();
        var gram = sides.Items[0].GramAsync(default).Result[0].Gram;
        var basis = AlsBasis.Create(gram, 1, 10, false, "");
        double best = double.MaxValue;
        for (int run = 1; run <= 7; run++)
        {
            sides.Items[0].WhitenAsync(run, basis, default).Wait();
            double start = ThreadTime.Now;
            sides.Users[0].SolveAsync(new HalfEpoch(run, solver, false), basis, default).Wait();
            best = Math.Min(best, (ThreadTime.Now - start) / Users * 1e6);
        }

        return best;
    }

    private static void Reference(int k, int n)
    {
        RowReferences.SingleThreaded();
        const int Items = 4000;
        var random = new Random(1);
        using var factors = new DenseMatrix(Items, k);
        var plain = new float[Items][];
        for (int i = 0; i < Items; i++)
        {
            for (int c = 0; c < k; c++)
            {
                factors[i, c] = (random.NextSingle() - 0.5f) * 0.1f;
            }

            plain[i] = factors.Row(i).ToArray();
        }

        var rows = Enumerable.Range(0, 128).Select(_ => Enumerable.Range(0, Items).OrderBy(_ => random.Next()).Take(n).Order().ToArray()).ToArray();
        using var shared = new NativeBuffer<float>(k * k);
        var sharedRows = new float[k][];
        for (int i = 0; i < k; i++)
        {
            shared[(i * k) + i] = 10;
            sharedRows[i] = shared.Slice(i * k, k).ToArray();
        }

        using var reference = new RowReferences(k, n);
        double blas = double.MaxValue, simple = double.MaxValue;
        for (int run = 0; run < 7; run++)
        {
            double start = ThreadTime.Now;
            foreach (int[] row in rows)
            {
                reference.OpenBlas(factors, row, 10, 11, shared);
            }

            blas = Math.Min(blas, (ThreadTime.Now - start) / rows.Length * 1e6);
        }

        for (int run = 0; run < 3; run++)
        {
            double start = ThreadTime.Now;
            foreach (int[] row in rows.Take(16))
            {
                RowReferences.Straightforward(plain, row, 10, 11, sharedRows);
            }

            simple = Math.Min(simple, (ThreadTime.Now - start) / 16 * 1e6);
        }

        Console.Write(string.Create(CultureInfo.InvariantCulture, $"  OpenBLAS {blas:F2} us  plain {simple:F0} us"));
    }

    private static void Pieces(int k)
    {
        int stride = k + 16;
        using var a = new NativeBuffer<float>(k * stride);
        using var original = new NativeBuffer<float>(k * stride);
        using var v = new NativeBuffer<float>(48 * stride);
        using var d = new NativeBuffer<float>(k);
        using var x = new NativeBuffer<float>(k);
        var random = new Random(2);
        for (int i = 0; i < v.Length; i++)
        {
            v[i] = random.NextSingle() - 0.5f;
        }

        for (int i = 0; i < k; i++)
        {
            original[(i * stride) + i] = 10;
        }

        RankUpdate<Ops512, Vector512<float>>.Add(original.Pointer, stride, k, v.Pointer, stride, 48);
        double update = Time(() => RankUpdate<Ops512, Vector512<float>>.Add(a.Pointer, stride, k, v.Pointer, stride, 48));
        double copy = Time(() => original.AsSpan().CopyTo(a.AsSpan()));
        double factor = Time(() =>
        {
            original.AsSpan().CopyTo(a.AsSpan());
            SmallCholesky<Ops512, Vector512<float>>.Factor(a.Pointer, stride, k, d.Pointer);
        }) - copy;
        double solve = Time(() => SmallCholesky<Ops512, Vector512<float>>.Solve(a.Pointer, stride, k, d.Pointer, x.Pointer));
        double flops = 48.0 * k * (k + 1);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"k {k}: 48-row update {update:F2} us ({flops / update / 1e3:F1} GF/s), factor {factor:F2} us ({k * (double)k * k / 3 / factor / 1e3:F1} GF/s), solve {solve:F2} us"));
    }

    private static double Time(Action action)
    {
        double best = double.MaxValue;
        for (int run = 0; run < 9; run++)
        {
            double start = ThreadTime.Now;
            for (int i = 0; i < 500; i++)
            {
                action();
            }

            best = Math.Min(best, (ThreadTime.Now - start) / 500 * 1e6);
        }

        return best;
    }
}
