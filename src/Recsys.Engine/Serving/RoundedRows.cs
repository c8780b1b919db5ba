using System.Buffers;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Recsys.Engine.Models;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Serving;

/// <summary>
/// A matrix rounded to bytes beside the matrix itself, to find the best of weighted sums of its rows with a quarter of the reading: the same
/// items and sums as <see cref="RowSumScorer"/> finds in the matrix, bit for bit.
/// With q_ij the bytes and s_ij the scale of the 64 elements around j (<see cref="Int8Matrix"/>), the exact sum for column j is at most
/// Σ w_i s_ij q_ij + c·Σ |w_i| s_ij: rounding moves an element by half of its scale, and float sums of m terms are off by at most
/// m·2⁻²⁴ of the sum of their magnitudes, which are at most 127 scales. Candidates are the items with the largest of these bounds; their
/// sums are taken from the matrix.
/// </summary>
internal sealed unsafe class RoundedRows : IDisposable
{
    private const int ChunkColumns = RowSumScorer.ChunkColumns;
    private const int Group = Int8Matrix.Group;

    // Beyond, sums of floats are no longer certain to anything.
    private const int MostRows = 1 << 15;

    // Sums below are not told from what floats lose when they underflow.
    private const float Tiny = 1e-20f;

    // Rows whose elements are asked for before they are summed.
    private const int Ahead = 4;

    private readonly DenseMatrix _exact;
    private readonly Int8Matrix _rounded;

    /// <summary>Rounds a copy. The matrix must be kept alive and unchanged.</summary>
    public RoundedRows(DenseMatrix exact)
    {
        _exact = exact;
        _rounded = new Int8Matrix(exact);
    }

    /// <inheritdoc/>
    public void Dispose() => _rounded.Dispose();

    /// <summary>
    /// <see cref="RowSumScorer.Top(DenseMatrix, ReadOnlySpan{int}, ReadOnlySpan{float}, ItemFilter, Span{ScoredItem})"/> where it is
    /// certain that no item is missing. Where not, which is seldom, the results are worthless: ask the matrix.
    /// </summary>
    public bool TryTop(ReadOnlySpan<int> history, ReadOnlySpan<float> weights, ItemFilter filter, Span<ScoredItem> results, out int found) =>
        TryTop(history, weights, filter, results, out found, Simd.Best);

    internal bool TryTop(
        ReadOnlySpan<int> history, ReadOnlySpan<float> weights, ItemFilter filter, Span<ScoredItem> results, out int found, SimdLevel level)
    {
        RowSumScorer.Check(_exact.Rows, history, weights);
        found = 0;
        if (results.Length == 0)
        {
            return true;
        }

        if (history.Length > MostRows || !_rounded.IsFinite)
        {
            return false;
        }

        int wanted = results.Length + (results.Length / 4) + 8;
        var rented = ArrayPool<ScoredItem>.Shared.Rent(wanted);
        try
        {
            var candidates = rented.AsSpan(0, wanted);
            int taken = Select(history, weights, filter, candidates, level);
            return Rank(history, weights, candidates[..taken], taken < wanted, results, out found);
        }
        finally
        {
            ArrayPool<ScoredItem>.Shared.Return(rented);
            GC.KeepAlive(_exact);
            GC.KeepAlive(_rounded);
        }
    }

    // The candidates, largest bound first.
    private int Select(ReadOnlySpan<int> history, ReadOnlySpan<float> weights, ItemFilter filter, Span<ScoredItem> candidates, SimdLevel level)
    {
        var selector = new TopSelector(history, filter, candidates);
        float[] sizes = weights.IsEmpty ? [] : ArrayPool<float>.Shared.Rent(weights.Length);
        for (int e = 0; e < weights.Length; e++)
        {
            sizes[e] = Math.Abs(weights[e]);
        }

        float[] scratch = ArrayPool<float>.Shared.Rent(ChunkColumns + (ChunkColumns / Group) + 32);
        fixed (float* start = scratch)
        {
            float* sums = (float*)(((nint)start + 63) & ~63);
            float* margins = sums + ChunkColumns;
            for (int first = 0; first < _rounded.Columns; first += ChunkColumns)
            {
                int count = Math.Min(ChunkColumns, _rounded.Columns - first);
                int groups = (count + Group - 1) / Group;
                RowSumScorer.Sum(new RowSumScorer.Source(_rounded), history, weights, first, count, sums, level);
                RowSumScorer.Sum(new RowSumScorer.Source(_rounded.Scales), history, sizes.AsSpan(0, weights.Length), first / Group, groups, margins, level);
                AddMargins(sums, margins, groups, history.Length);
                TopN.Offer(ref selector, first, sums, count, lowest: false, level);
            }
        }

        ArrayPool<float>.Shared.Return(scratch);
        if (sizes.Length > 0)
        {
            ArrayPool<float>.Shared.Return(sizes);
        }

        return selector.Finish();
    }

    private static void AddMargins(float* sums, float* margins, int groups, int rows)
    {
        float share = 0.501f + ((rows + 8) * MathF.ScaleB(1, -15));
        for (int g = 0; g < groups; g++)
        {
            var margin = Vector512.Create(share * margins[g]);
            for (float* end = sums + Group; sums < end; sums += 16)
            {
                (Vector512.Load(sums) + margin).Store(sums);
            }
        }
    }

    // Takes exact sums of the first candidates, then of those that may be better than the worst of them.
    private bool Rank(
        ReadOnlySpan<int> history, ReadOnlySpan<float> weights, Span<ScoredItem> candidates, bool all, Span<ScoredItem> results, out int found)
    {
        int first = Math.Min(results.Length, candidates.Length);
        float worst = candidates.Length > 0 ? candidates[^1].Score : 0;
        Sum(history, weights, candidates[..first]);
        float least = float.PositiveInfinity;
        foreach (var candidate in candidates[..first])
        {
            least = Math.Min(least, candidate.Score);
        }

        int last = first;
        while (last < candidates.Length && candidates[last].Score >= least)
        {
            last++;
        }

        Sum(history, weights, candidates[first..last]);
        var ranked = candidates[..last];
        ranked.Sort((a, b) => a.Item.CompareTo(b.Item)); // a selection takes its items in ascending order
        var selector = new TopSelector(default, ItemFilter.Default, results);
        foreach (var candidate in ranked)
        {
            selector.Offer(candidate.Item, candidate.Score);
        }

        found = selector.Finish();
        return all || (found > 0 && results[found - 1].Score > worst && Math.Abs(worst) > Tiny);
    }

    // Row by row in the order of the history, as RowSumScorer sums: the same bits. The elements of a row are far apart, and wait for
    // memory together.
    private void Sum(ReadOnlySpan<int> history, ReadOnlySpan<float> weights, Span<ScoredItem> candidates)
    {
        for (int c = 0; c < candidates.Length; c++)
        {
            candidates[c] = candidates[c] with { Score = 0 };
        }

        for (int e = 0; e < history.Length; e++)
        {
            float* row = _exact.RowPointer(history[e]);
            float* later = _exact.RowPointer(history[Math.Min(e + Ahead, history.Length - 1)]);
            float weight = weights.IsEmpty ? 1 : weights[e];
            for (int c = 0; c < candidates.Length; c++)
            {
                var candidate = candidates[c];
                if (Sse.IsSupported)
                {
                    Sse.Prefetch0(later + candidate.Item);
                }

                candidates[c] = candidate with { Score = MathF.FusedMultiplyAdd(row[candidate.Item], weight, candidate.Score) };
            }
        }
    }
}
