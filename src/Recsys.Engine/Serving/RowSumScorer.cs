using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Recsys.Engine.Models;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Serving;

/// <summary>
/// Scores that are weighted sums of a matrix's rows, s = Σ_e w_e · B[i_e, :] (EASE and other item–item models), and
/// their best. Four rows are read at once, a stretch of columns at a time, so that the sums stay in the second-level
/// cache and each element of B is read once; the selection takes the sums from there. Each sum is taken in the order
/// of the rows with fused multiply–adds: the same bits at every vector width.
/// </summary>
public static unsafe class RowSumScorer
{
    // 64 KB of sums. Shorter stretches restart the prefetcher too often, longer ones leave the cache.
    internal const int ChunkColumns = 16384;

    /// <summary>Sums for every column.</summary>
    /// <param name="matrix">B.</param>
    /// <param name="rows">The rows i_e.</param>
    /// <param name="weights">w_e, or empty where all are 1.</param>
    /// <param name="scores">One place a column.</param>
    public static void Score(DenseMatrix matrix, ReadOnlySpan<int> rows, ReadOnlySpan<float> weights, Span<float> scores) =>
        Score(new Source(matrix), rows, weights, scores, Simd.Best);

    /// <summary>Sums of the rounded rows for every column.</summary>
    public static void Score(BFloat16Matrix matrix, ReadOnlySpan<int> rows, ReadOnlySpan<float> weights, Span<float> scores) =>
        Score(new Source(matrix), rows, weights, scores, Simd.Best);

    /// <summary>
    /// The best <paramref name="results"/>.Length eligible columns for a history, best first; equal sums in item order.
    /// With an empty history all sums are zero.
    /// </summary>
    /// <param name="matrix">B.</param>
    /// <param name="history">Items of the history, strictly ascending; left out unless <see cref="ItemFilter.KeepSeen"/>.</param>
    /// <param name="weights">Weight of each, or empty where all are 1.</param>
    /// <param name="filter">What may be returned. Items beyond the end of its allow-list are not allowed.</param>
    /// <param name="results">Receives the items.</param>
    /// <returns>How many items were found: results.Length, or all the eligible ones where there are fewer.</returns>
    public static int Top(
        DenseMatrix matrix, ReadOnlySpan<int> history, ReadOnlySpan<float> weights, ItemFilter filter, Span<ScoredItem> results) =>
        Top(new Source(matrix), history, weights, filter, results, Simd.Best);

    /// <summary>
    /// <see cref="Top(DenseMatrix, ReadOnlySpan{int}, ReadOnlySpan{float}, ItemFilter, Span{ScoredItem})"/> over rounded rows.
    /// </summary>
    public static int Top(
        BFloat16Matrix matrix, ReadOnlySpan<int> history, ReadOnlySpan<float> weights, ItemFilter filter, Span<ScoredItem> results) =>
        Top(new Source(matrix), history, weights, filter, results, Simd.Best);

    internal static void Score(
        in Source source, ReadOnlySpan<int> rows, ReadOnlySpan<float> weights, Span<float> scores, SimdLevel level)
    {
        Check(source.Rows, rows, weights);
        if (scores.Length != source.Columns)
        {
            throw new ArgumentException($"{scores.Length} places for the sums of {source.Columns} columns", nameof(scores));
        }

        var scratch = ArrayPool<float>.Shared.Rent(ChunkColumns + 16);
        fixed (float* start = scratch)
        {
            float* sums = (float*)(((nint)start + 63) & ~63);
            for (int first = 0; first < source.Columns; first += ChunkColumns)
            {
                int count = Math.Min(ChunkColumns, source.Columns - first);
                Sum(source, rows, weights, first, count, sums, level);
                new Span<float>(sums, count).CopyTo(scores[first..]);
            }
        }

        ArrayPool<float>.Shared.Return(scratch);
        source.KeepAlive();
    }

    internal static int Top(
        in Source source,
        ReadOnlySpan<int> history,
        ReadOnlySpan<float> weights,
        ItemFilter filter,
        Span<ScoredItem> results,
        SimdLevel level)
    {
        Check(source.Rows, history, weights);
        var selector = new TopSelector(history, filter, results);
        if (results.Length == 0)
        {
            return 0;
        }

        var scratch = ArrayPool<float>.Shared.Rent(ChunkColumns + 16);
        fixed (float* start = scratch)
        {
            float* sums = (float*)(((nint)start + 63) & ~63);
            for (int first = 0; first < source.Columns; first += ChunkColumns)
            {
                int count = Math.Min(ChunkColumns, source.Columns - first);
                Sum(source, history, weights, first, count, sums, level);
                TopN.Offer(ref selector, first, sums, count, lowest: false, level);
            }
        }

        ArrayPool<float>.Shared.Return(scratch);
        source.KeepAlive();
        return selector.Finish();
    }

    internal static void Check(int matrixRows, ReadOnlySpan<int> rows, ReadOnlySpan<float> weights)
    {
        if (!weights.IsEmpty && weights.Length != rows.Length)
        {
            throw new ArgumentException($"{weights.Length} weights for {rows.Length} rows", nameof(weights));
        }

        foreach (int row in rows)
        {
            if ((uint)row >= (uint)matrixRows)
            {
                throw new ArgumentOutOfRangeException(nameof(rows), row, $"not a row of a matrix with {matrixRows}");
            }
        }
    }

    /// <summary>
    /// Sums of <paramref name="count"/> columns from <paramref name="first"/>, a multiple of 64, on; there is room for count rounded up to 64.
    /// </summary>
    internal static void Sum(
        in Source source, ReadOnlySpan<int> rows, ReadOnlySpan<float> weights, int first, int count, float* sums, SimdLevel level)
    {
        switch (level)
        {
            case SimdLevel.Vector512:
                Sum<ScoringLanes512>(source, rows, weights, first, count, sums);
                break;
            case SimdLevel.Vector256:
                Sum<ScoringLanes256>(source, rows, weights, first, count, sums);
                break;
            default:
                Sum<ScoringLanes128>(source, rows, weights, first, count, sums);
                break;
        }
    }

    // Rounds count up to whole vectors: padding columns are zero in all matrices, and there is room for their sums.
    private static void Sum<TLanes>(
        in Source source, ReadOnlySpan<int> rows, ReadOnlySpan<float> weights, int first, int count, float* sums)
        where TLanes : unmanaged, IScoringLanes<TLanes>
    {
        new Span<float>(sums, (count + 63) & ~63).Clear();
        int last = rows.Length - 1;
        var four = last < 0 ? default : new FourRows(source, rows, 0, first);
        for (int e = 0; e <= last; e += 4)
        {
            // Past the last row comes the last one again, from the cache, with weight 0. Four more are on their way meanwhile: the machine by
            // itself begins a row anew with every page.
            var next = new FourRows(source, rows, e + 4, first);
            var times = (Weight(weights, e, last), Weight(weights, e + 1, last), Weight(weights, e + 2, last), Weight(weights, e + 3, last));
            if (source.Int8 is { } bytes)
            {
                var scales = new FourRows(new Source(bytes.Scales), rows, e, first / Int8Matrix.Group);
                AddInt8<TLanes>(four, scales, times, next, count, sums);
            }
            else if (source.BFloat16 is not null)
            {
                AddBFloat16<TLanes>(four, times, next, count, sums);
            }
            else
            {
                Add<TLanes>(four, times, next, count, sums);
            }

            four = next;
        }

        static float Weight(ReadOnlySpan<float> weights, int e, int last) => e > last ? 0 : weights.IsEmpty ? 1 : weights[e];
    }

    private static void Add<TLanes>(FourRows rows, (float A, float B, float C, float D) weights, FourRows next, int count, float* sums)
        where TLanes : unmanaged, IScoringLanes<TLanes>
    {
        float* a = (float*)rows.A, b = (float*)rows.B, c = (float*)rows.C, d = (float*)rows.D;
        var wa = TLanes.Broadcast(weights.A);
        var wb = TLanes.Broadcast(weights.B);
        var wc = TLanes.Broadcast(weights.C);
        var wd = TLanes.Broadcast(weights.D);
        for (nint at = 0; at < count; at += 16)
        {
            next.Prefetch(4 * at);
            var sum = TLanes.MultiplyAdd(TLanes.Load(a + at), wa, TLanes.Load(sums + at));
            sum = TLanes.MultiplyAdd(TLanes.Load(b + at), wb, sum);
            sum = TLanes.MultiplyAdd(TLanes.Load(c + at), wc, sum);
            TLanes.Store(TLanes.MultiplyAdd(TLanes.Load(d + at), wd, sum), sums + at);
        }
    }

    private static void AddBFloat16<TLanes>(FourRows rows, (float A, float B, float C, float D) weights, FourRows next, int count, float* sums)
        where TLanes : unmanaged, IScoringLanes<TLanes>
    {
        byte* a = rows.A, b = rows.B, c = rows.C, d = rows.D;
        var wa = TLanes.Broadcast(weights.A);
        var wb = TLanes.Broadcast(weights.B);
        var wc = TLanes.Broadcast(weights.C);
        var wd = TLanes.Broadcast(weights.D);
        for (nint at = 0; at < count; at += 32)
        {
            next.Prefetch(2 * at);
            var lower = TLanes.Load(sums + at);
            var upper = TLanes.Load(sums + at + 16);
            Add(a + (2 * at), wa, ref lower, ref upper);
            Add(b + (2 * at), wb, ref lower, ref upper);
            Add(c + (2 * at), wc, ref lower, ref upper);
            Add(d + (2 * at), wd, ref lower, ref upper);
            TLanes.Store(lower, sums + at);
            TLanes.Store(upper, sums + at + 16);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static void Add(byte* row, TLanes weight, ref TLanes lower, ref TLanes upper)
        {
            TLanes.LoadBFloat16Pairs(row, out var low, out var high);
            lower = TLanes.MultiplyAdd(low, weight, lower);
            upper = TLanes.MultiplyAdd(high, weight, upper);
        }
    }

    private static void AddInt8<TLanes>(
        FourRows rows, FourRows scales, (float A, float B, float C, float D) weights, FourRows next, int count, float* sums)
        where TLanes : unmanaged, IScoringLanes<TLanes>
    {
        sbyte* a = (sbyte*)rows.A, b = (sbyte*)rows.B, c = (sbyte*)rows.C, d = (sbyte*)rows.D;
        float* sa = (float*)scales.A, sb = (float*)scales.B, sc = (float*)scales.C, sd = (float*)scales.D;
        for (nint at = 0; at < count; at += Int8Matrix.Group)
        {
            next.Prefetch(at);
            var wa = TLanes.Broadcast(weights.A * *sa++);
            var wb = TLanes.Broadcast(weights.B * *sb++);
            var wc = TLanes.Broadcast(weights.C * *sc++);
            var wd = TLanes.Broadcast(weights.D * *sd++);
            for (nint part = at; part < at + Int8Matrix.Group; part += 16)
            {
                var sum = TLanes.MultiplyAdd(TLanes.LoadInt8(a + part), wa, TLanes.Load(sums + part));
                sum = TLanes.MultiplyAdd(TLanes.LoadInt8(b + part), wb, sum);
                sum = TLanes.MultiplyAdd(TLanes.LoadInt8(c + part), wc, sum);
                TLanes.Store(TLanes.MultiplyAdd(TLanes.LoadInt8(d + part), wd, sum), sums + part);
            }
        }
    }

    /// <summary>One of the matrices.</summary>
    internal readonly struct Source
    {
        private readonly DenseMatrix? _dense;

        public Source(DenseMatrix matrix)
        {
            ArgumentNullException.ThrowIfNull(matrix);
            _dense = matrix;
            Rows = matrix.Rows;
            Columns = matrix.Columns;
        }

        public Source(BFloat16Matrix matrix)
        {
            ArgumentNullException.ThrowIfNull(matrix);
            BFloat16 = matrix;
            Rows = matrix.Rows;
            Columns = matrix.Columns;
        }

        public Source(Int8Matrix matrix)
        {
            Int8 = matrix;
            Rows = matrix.Rows;
            Columns = matrix.Columns;
        }

        public BFloat16Matrix? BFloat16 { get; }

        public Int8Matrix? Int8 { get; }

        public int Rows { get; }

        public int Columns { get; }

        /// <summary>A row from a column on, which is a multiple of 64.</summary>
        public byte* At(int row, int column) =>
            _dense is not null ? (byte*)(_dense.RowPointer(row) + column)
            : BFloat16 is not null ? (byte*)(BFloat16.RowPointer(row) + column)
            : (byte*)(Int8!.RowPointer(row) + column);

        public void KeepAlive()
        {
            GC.KeepAlive(_dense);
            GC.KeepAlive(BFloat16);
            GC.KeepAlive(Int8);
        }
    }

    /// <summary>Where four rows have a column.</summary>
    private readonly struct FourRows(in Source source, ReadOnlySpan<int> rows, int e, int column)
    {
        public readonly byte* A = source.At(rows[Math.Min(e, rows.Length - 1)], column);
        public readonly byte* B = source.At(rows[Math.Min(e + 1, rows.Length - 1)], column);
        public readonly byte* C = source.At(rows[Math.Min(e + 2, rows.Length - 1)], column);
        public readonly byte* D = source.At(rows[Math.Min(e + 3, rows.Length - 1)], column);

        /// <summary>Asks for the cache line that far from there, of each.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Prefetch(nint bytes)
        {
            if (Sse.IsSupported)
            {
                Sse.Prefetch1(A + bytes);
                Sse.Prefetch1(B + bytes);
                Sse.Prefetch1(C + bytes);
                Sse.Prefetch1(D + bytes);
            }
        }
    }
}
