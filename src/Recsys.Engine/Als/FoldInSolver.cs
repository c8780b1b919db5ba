using System.Runtime.Intrinsics;
using Recsys.Engine.Models;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Als;

/// <summary>Makes the fold-in solver of a vector width.</summary>
internal static class FoldInSolver
{
    public static IFoldInSolver Create(AlsOptions options, int itemCount, SimdLevel level) => level switch
    {
        SimdLevel.Vector512 => new FoldInSolver<Ops512, Vector512<float>>(options, itemCount),
        SimdLevel.Vector256 => new FoldInSolver<Ops256, Vector256<float>>(options, itemCount),
        _ => new FoldInSolver<Ops128, Vector128<float>>(options, itemCount),
    };
}

/// <inheritdoc/>
internal sealed unsafe class FoldInSolver<TOps, TVector> : IFoldInSolver
    where TOps : struct, IVectorOps<TVector>
    where TVector : struct
{
    private const int GatherRows = 48;
    private readonly AlsOptions _options;
    private readonly int _itemCount;
    private readonly int _k;
    private readonly int _stride;
    private readonly NativeBuffer<float> _normal;
    private readonly NativeBuffer<float> _gathered;
    private readonly NativeBuffer<float> _vectors;

    public FoldInSolver(AlsOptions options, int itemCount)
    {
        _options = options;
        _itemCount = itemCount;
        _k = (options.Factors + 15) & ~15;
        _stride = _k + 16;
        _normal = new NativeBuffer<float>((long)_k * _stride);
        _gathered = new NativeBuffer<float>((long)GatherRows * _stride);
        _vectors = new NativeBuffer<float>(3L * _k);
    }

    public void Solve(
        DenseMatrix itemFactors, GramMatrix gram, ReadOnlySpan<int> items, ReadOnlySpan<float> weights, Span<float> factors)
    {
        float* x = _vectors.Pointer + _k;
        new Span<float>(x, _k).Clear();
        for (int i = 0; i < items.Length; i++)
        {
            RowSweep<TOps, TVector>.Axpy(itemFactors.RowPointer(items[i]), _k, Pair(weights, i).Target, x);
        }

        Factor(itemFactors, gram, items, weights);
        SmallCholesky<TOps, TVector>.Solve(_normal.Pointer, _stride, _k, _vectors.Pointer, x);
        new Span<float>(x, factors.Length).CopyTo(factors);
        foreach (float value in factors)
        {
            if (!float.IsFinite(value))
            {
                throw new RecsysException("ALS: the factors of this history are not finite: its weights are too large");
            }
        }
    }

    public float Explain(
        DenseMatrix itemFactors,
        GramMatrix gram,
        ReadOnlySpan<int> items,
        ReadOnlySpan<float> weights,
        int item,
        Span<ScoredItem> contributions)
    {
        float* x = _vectors.Pointer + _k;
        new Span<float>(itemFactors.RowPointer(item), _k).CopyTo(new Span<float>(x, _k));
        Factor(itemFactors, gram, items, weights);
        SmallCholesky<TOps, TVector>.Solve(_normal.Pointer, _stride, _k, _vectors.Pointer, x);
        double score = 0;
        for (int i = 0; i < items.Length; i++)
        {
            float part = Pair(weights, i).Target * RowSweep<TOps, TVector>.Dot(itemFactors.RowPointer(items[i]), _k, x);
            contributions[i] = new ScoredItem(items[i], part);
            score += part;
        }

        return (float)score;
    }

    public float[] Norms(DenseMatrix itemFactors)
    {
        var norms = new float[itemFactors.Rows];
        for (int i = 0; i < norms.Length; i++)
        {
            float* row = itemFactors.RowPointer(i);
            norms[i] = MathF.Sqrt(RowSweep<TOps, TVector>.Dot(row, _k, row));
        }

        return norms;
    }

    public GramMatrix Gram(DenseMatrix itemFactors)
    {
        new Span<float>(_normal.Pointer, (int)_normal.Length).Clear();
        for (int r = 0; r < itemFactors.Rows; r += GatherRows)
        {
            RankUpdate<TOps, TVector>.Add(
                _normal.Pointer, _stride, _k, itemFactors.RowPointer(r), itemFactors.Stride, Math.Min(GatherRows, itemFactors.Rows - r));
        }

        int k = _options.Factors;
        var values = new float[k * k];
        for (int i = 0; i < k; i++)
        {
            for (int j = i; j < k; j++)
            {
                values[(i * k) + j] = values[(j * k) + i] = _normal[((long)i * _stride) + j];
            }
        }

        return new GramMatrix(k, values);
    }

    public void Dispose()
    {
        _normal.Dispose();
        _gathered.Dispose();
        _vectors.Dispose();
    }

    private (float Excess, float Target) Pair(ReadOnlySpan<float> weights, int i)
    {
        float weight = weights.IsEmpty ? 1 : weights[i];
        float excess = (float)_options.EffectiveAlpha * MathF.Abs(weight);
        return (excess, weight > 0 ? excess + (_options.UnobservedWeight is null ? 1 : 0) : 0);
    }

    /// <summary>The Cholesky factor of the history's normal matrix.</summary>
    private void Factor(DenseMatrix itemFactors, GramMatrix gram, ReadOnlySpan<int> items, ReadOnlySpan<float> weights)
    {
        int k = _options.Factors;
        float* a = _normal.Pointer;
        int known = items.Length;
        foreach (float weight in weights)
        {
            known -= weight == 0 ? 1 : 0;
        }

        float ridge = (float)_options.RowRegularization(Math.Max(known, 1), _itemCount);
        float scale = (float)_options.GramWeight;
        var values = gram.Values;
        for (int i = 0; i < _k; i++)
        {
            float* row = a + ((nint)i * _stride);
            new Span<float>(row, _k).Clear();
            for (int j = 0; i < k && j < k; j++)
            {
                row[j] = scale * values[(i * k) + j];
            }

            row[i] += i < k ? ridge : 1;
        }

        float* gathered = _gathered.Pointer;
        for (int start = 0; start < items.Length; start += GatherRows)
        {
            int count = Math.Min(GatherRows, items.Length - start);
            for (int h = 0; h < count; h++)
            {
                var root = TOps.Broadcast(MathF.Sqrt(Pair(weights, start + h).Excess));
                float* from = itemFactors.RowPointer(items[start + h]);
                float* to = gathered + ((nint)h * _stride);
                for (int c = 0; c < _k; c += TOps.Lanes)
                {
                    TOps.Store(TOps.Multiply(root, TOps.Load(from + c)), to + c);
                }
            }

            RankUpdate<TOps, TVector>.Add(a, _stride, _k, gathered, _stride, count);
        }

        int failed = SmallCholesky<TOps, TVector>.Factor(a, _stride, _k, _vectors.Pointer);
        if (failed >= 0)
        {
            throw new NotPositiveDefiniteException(failed, a[((nint)failed * _stride) + failed], "ALS: the system of this history");
        }
    }
}
