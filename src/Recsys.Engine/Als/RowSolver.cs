using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Als;

/// <summary>Solves rows in batches: in and out of the whitened basis as matrix products, each row by the chosen solver.</summary>
internal sealed unsafe partial class RowSolver<TOps, TVector> : IRowSolver
    where TOps : struct, IVectorOps<TVector>
    where TVector : struct
{
    // 64 kB: a part of any second-level cache. Longer rows fetch the rest ahead while they are worked on.
    private const int PrefetchFloats = 1 << 14;

    private readonly AlsOptions _options;
    private readonly int _k;
    private readonly float _alpha;
    private readonly bool _unobservedForm;

    // Whitened factors of the rows of a batch.
    private readonly DenseMatrix _z;

    // The normal matrix (or the dual one) and the gathered rows; rows are an odd number of cache lines apart so that
    // columns do not share cache sets.
    private readonly NativeBuffer<float> _normal;
    private readonly NativeBuffer<float> _gathered;
    private readonly NativeBuffer<float> _vectors;
    private readonly int _stride;

    // What one row has of each of its interactions; grown to the longest row met.
    private NativeBuffer<float> _perInteraction = new(0);
    private NativeBuffer<nint> _pointers = new(0);
    private int _capacity;

    public RowSolver(AlsOptions options)
    {
        _options = options;
        _k = (options.Factors + 15) & ~15;
        _alpha = (float)options.EffectiveAlpha;
        _unobservedForm = options.UnobservedWeight is not null;
        _stride = _k + 16;
        _z = new DenseMatrix(IRowSolver.MaxBatch, _k);
        _normal = new NativeBuffer<float>((long)_k * _stride);
        _gathered = new NativeBuffer<float>((long)Math.Max(_k, GatherRows) * _stride);
        _vectors = new NativeBuffer<float>(8L * _k);
    }

    public (double DataLoss, double Penalty) Solve(
        PartitionRows data, int first, int count, FactorTable fixedSide, AlsBasis basis, HalfEpoch halfEpoch, DenseMatrix factors)
    {
        bool warm = halfEpoch.Solver != AlsSolver.Cholesky;
        if (warm)
        {
            Multiply(factors, first, count, basis.Enter, basis.OtherShape, _z, 0);
        }

        double loss = 0;
        for (int r = 0; r < count; r++)
        {
            if (r + 1 < count)
            {
                Prefetch(data.Columns(first + r + 1), fixedSide);
            }

            loss += SolveRow(data, first + r, fixedSide, basis, halfEpoch, _z.RowPointer(r));
        }

        Multiply(_z, 0, count, basis.Leave, basis.OtherShape, factors, first);
        double penalty = 0;
        for (int r = first; r < first + count; r++)
        {
            if (data.RowLength(r) == 0)
            {
                continue;
            }

            float* x = factors.RowPointer(r);
            double norm = RowSweep<TOps, TVector>.Dot(x, _k, x);
            if (!double.IsFinite(norm))
            {
                throw new RecsysException(
                    $"ALS: the factors of {data.Kind} '{data.Id(r)}' are not finite: its weights are too large or too small; change alpha or raise the regularization");
            }

            penalty += norm * _options.RowRegularization(data.RowLength(r), data.OtherCount);
        }

        return (loss, penalty);
    }

    public void Multiply(DenseMatrix from, int first, int count, DenseMatrix matrix, MatrixShape shape, DenseMatrix to) =>
        Multiply(from, first, count, matrix, shape, to, first);

    public GramMatrix Gram(DenseMatrix factors, int first, int count)
    {
        Clear(_normal.Pointer, _normal.Length);

        // In pieces that stay in the first-level cache.
        const int Piece = 48;
        for (int r = 0; r < count; r += Piece)
        {
            RankUpdate<TOps, TVector>.Add(
                _normal.Pointer, _stride, _k, factors.RowPointer(first + r), factors.Stride, Math.Min(Piece, count - r));
        }

        int k = _options.Factors;
        var values = GC.AllocateUninitializedArray<float>(k * k);
        for (int i = 0; i < k; i++)
        {
            float* row = _normal.Pointer + ((long)i * _stride);
            for (int j = i; j < k; j++)
            {
                values[(i * k) + j] = row[j];
                values[(j * k) + i] = row[j];
            }
        }

        return new GramMatrix(k, values);
    }

    public void Dispose()
    {
        _z.Dispose();
        _normal.Dispose();
        _gathered.Dispose();
        _vectors.Dispose();
        _perInteraction.Dispose();
        _pointers.Dispose();
    }

    private static void Clear(float* at, long count) => new Span<float>(at, checked((int)count)).Clear();

    private void Multiply(DenseMatrix from, int first, int count, DenseMatrix matrix, MatrixShape shape, DenseMatrix to, int toFirst) =>
        SmallProduct<TOps, TVector>.Multiply(
            from.RowPointer(first), from.Stride, count, matrix.Pointer, matrix.Stride, _k, shape, to.RowPointer(toFirst), to.Stride);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private double SolveRow(PartitionRows data, int row, FactorTable fixedSide, AlsBasis basis, HalfEpoch halfEpoch, float* z)
    {
        int n = data.RowLength(row);
        if (n == 0)
        {
            Clear(z, _k);
            return 0;
        }

        var system = Gather(data, row, fixedSide);
        if (basis.HasRowRidges)
        {
            system.ExtraRidge = (float)(_options.RowRegularization(n, data.OtherCount) - basis.Ridge);
            system.IdentityImage = basis.IdentityImage.Pointer;
        }

        bool scored = false;
        switch (halfEpoch.Solver)
        {
            case AlsSolver.ConjugateGradient:
                SolveByConjugateGradients(system, z);
                scored = true;
                break;
            case AlsSolver.Subspace:
                SolveBySubspaces(system, z, data, row);
                scored = true;
                break;
            default:
                SolveExactly(system, z, data, row);
                break;
        }

        if (!halfEpoch.WithLoss)
        {
            return 0;
        }

        if (!scored)
        {
            RowSweep<TOps, TVector>.Dots(system.Rows, n, _k, z, system.Scores);
        }

        double loss = 0;
        for (int i = 0; i < n; i++)
        {
            double s = system.Scores[i];
            loss += (system.Excess[i] * s * s) - (2 * system.Target[i] * s) + system.Target[i];
        }

        return loss;
    }

    /// <summary>
    /// Asks for the rows that the next row names, which are anywhere in memory, to be on their way to the second-level
    /// cache while this one is solved.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Prefetch(ReadOnlySpan<uint> columns, FactorTable fixedSide)
    {
        if (!Sse.IsSupported)
        {
            return;
        }

        float** bases = fixedSide.Bases;
        nint stride = fixedSide.Stride;
        int count = Math.Min(columns.Length, PrefetchFloats / _k);
        for (int i = 0; i < count; i++)
        {
            uint code = columns[i];
            float* row = bases[code >> RowCode.LocalBits] + ((nint)(code & RowCode.LocalMask) * stride);
            for (int c = 0; c < _k; c += 16)
            {
                Sse.Prefetch1(row + c);
            }
        }
    }

    /// <summary>Addresses of the rows a row names, and each pair's excess confidence e and weighted target t.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private RowSystem Gather(PartitionRows data, int row, FactorTable fixedSide)
    {
        var columns = data.Columns(row);
        var weights = data.Weights(row);
        int n = columns.Length;
        Reserve(n);
        var system = new RowSystem
        {
            Count = n,
            Rows = (float**)_pointers.Pointer,
            Excess = _perInteraction.Pointer,
            Target = _perInteraction.Pointer + _capacity,
            Scores = _perInteraction.Pointer + (2L * _capacity),
            Steps = _perInteraction.Pointer + (3L * _capacity),
        };
        float** bases = fixedSide.Bases;
        nint stride = fixedSide.Stride;
        for (int i = 0; i < n; i++)
        {
            uint code = columns[i];
            system.Rows[i] = bases[code >> RowCode.LocalBits] + ((nint)(code & RowCode.LocalMask) * stride);
        }

        float shift = _unobservedForm ? 0 : 1;
        if (weights.IsEmpty)
        {
            new Span<float>(system.Excess, n).Fill(_alpha);
            new Span<float>(system.Target, n).Fill(_alpha + shift);
        }
        else
        {
            for (int i = 0; i < n; i++)
            {
                float e = _alpha * MathF.Abs(weights[i]);
                system.Excess[i] = e;
                system.Target[i] = weights[i] > 0 ? e + shift : 0;
            }
        }

        return system;
    }

    private void Reserve(int n)
    {
        if (n <= _capacity)
        {
            return;
        }

        _perInteraction.Dispose();
        _pointers.Dispose();
        _capacity = (Math.Max(n, 2 * _capacity) + 15) & ~15;
        _perInteraction = new NativeBuffer<float>(4L * _capacity);
        _pointers = new NativeBuffer<nint>(_capacity);
    }

    /// <summary>(I + δM + Σ e r rᵀ) z = Σ t r, unsolved.</summary>
    private ref struct RowSystem
    {
        /// <summary>Interactions.</summary>
        public int Count;

        /// <summary>The whitened row r of each.</summary>
        public float** Rows;

        /// <summary>e of each.</summary>
        public float* Excess;

        /// <summary>t of each.</summary>
        public float* Target;

        /// <summary>z·r of each.</summary>
        public float* Scores;

        /// <summary>Room for another number of each.</summary>
        public float* Steps;

        /// <summary>δ.</summary>
        public float ExtraRidge;

        /// <summary>The diagonal of M; read only where δ is not 0.</summary>
        public float* IdentityImage;
    }
}
