using System.Buffers;
using Recsys.Engine.Compute;
using Recsys.Engine.Models;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Serving;

/// <summary>
/// The factors of all items, laid out to find the items with the largest dot products with a user's factors in one pass
/// over memory: blocks of 16 items, factor by factor, so that 16 scores come out of the registers at once, are compared
/// with the n-th best so far, and never reach memory. Immutable, safe for any number of concurrent readers.
/// For the lowest scores, negate the user's factors.
/// </summary>
public sealed unsafe partial class FactorIndex : IDisposable
{
    private readonly NativeBuffer<byte> _blocks;
    private readonly DenseMatrix? _exact;
    private readonly int _blockBytes;
    private readonly int _padded;

    /// <summary>Copies the factors into an index.</summary>
    /// <param name="factors">One row an item.</param>
    /// <param name="storage">How to keep them.</param>
    /// <param name="rescore">
    /// For storage with rounding: select more candidates than are asked for (twice as many of int8, a quarter more of the
    /// others, at least 16 more), and rank these by
    /// the exact factors, in the very order of <see cref="FactorStorage.Float32"/>. The index then refers to
    /// <paramref name="factors"/>, which must be kept alive and unchanged.
    /// </param>
    /// <param name="pool">Threads that help to copy.</param>
    /// <exception cref="RecsysException">A factor is not finite, or beyond what the storage can hold.</exception>
    public FactorIndex(
        DenseMatrix factors, FactorStorage storage = FactorStorage.Float32, bool rescore = false, ComputePool? pool = null)
        : this(factors, factors?.Rows ?? 0, storage, rescore && storage != FactorStorage.Float32, pool)
    {
        _exact = rescore && storage != FactorStorage.Float32 ? factors : null;
    }

    /// <summary>The first <paramref name="items"/> items, without a reference to their factors.</summary>
    internal FactorIndex(DenseMatrix? factors, int items, FactorStorage storage, bool measureLoss = true, ComputePool? pool = null)
    {
        ArgumentNullException.ThrowIfNull(factors);
        Items = items;
        Factors = factors.Columns;
        Storage = storage;
        (_padded, _blockBytes) = Shape(Factors, storage);
        int blocks = (Items + 15) / 16;
        _blocks = new NativeBuffer<byte>((long)blocks * _blockBytes);
        try
        {
            const int BlocksAtATime = 64;
            int chunks = (blocks + BlocksAtATime - 1) / BlocksAtATime;
            var losses = new Loss[chunks];
            void Encode(int chunk)
            {
                int last = Math.Min(Items, (chunk + 1) * BlocksAtATime * 16);
                for (int item = chunk * BlocksAtATime * 16; item < last; item++)
                {
                    EncodeItem(factors.Row(item), item);
                }

                losses[chunk] = !measureLoss ? default : LossOf(factors, chunk * BlocksAtATime * 16, last);
            }

            if (pool is not null)
            {
                pool.Run(chunks, (_, chunk) => Encode(chunk));
            }
            else
            {
                for (int chunk = 0; chunk < chunks; chunk++)
                {
                    Encode(chunk);
                }
            }

            foreach (var loss in losses)
            {
                _loss = Loss.Worse(_loss, loss);
            }
        }
        catch
        {
            _blocks.Dispose();
            throw;
        }
    }

    /// <summary>Number of items.</summary>
    public int Items { get; }

    /// <summary>Number of factors, k.</summary>
    public int Factors { get; }

    /// <summary>How the factors are kept.</summary>
    public FactorStorage Storage { get; }

    /// <summary>Whether candidates are ranked by exact factors in the end.</summary>
    public bool Rescores => _exact is not null;

    /// <summary>Bytes of memory held, and read by a query; without the factors that rescoring refers to.</summary>
    public long Bytes => _blocks.Length;

    /// <summary>What <see cref="Bytes"/> will be.</summary>
    public static long EstimateBytes(int items, int factors, FactorStorage storage) =>
        ((long)items + 15) / 16 * Shape(factors, storage).BlockBytes;

    /// <summary>
    /// The best <paramref name="results"/>.Length eligible items by the dot product with a user's factors, best first;
    /// equal scores in item order.
    /// </summary>
    /// <param name="user">The user's k factors, finite.</param>
    /// <param name="seen">Items of the history, strictly ascending; left out unless <see cref="ItemFilter.KeepSeen"/>.</param>
    /// <param name="filter">What may be returned. Items beyond the end of its allow-list are not allowed.</param>
    /// <param name="results">Receives the items.</param>
    /// <returns>How many items were found: results.Length, or all the eligible ones where there are fewer.</returns>
    public int Top(ReadOnlySpan<float> user, ReadOnlySpan<int> seen, ItemFilter filter, Span<ScoredItem> results) =>
        Top(user, seen, filter, results, Simd.Best);

    /// <summary>
    /// <see cref="Top(ReadOnlySpan{float}, ReadOnlySpan{int}, ItemFilter, Span{ScoredItem})"/> for many users, who share
    /// each pass over memory: the same results, bit for bit.
    /// </summary>
    /// <param name="users">Their factors, and their histories to leave out.</param>
    /// <param name="filter">What may be returned, the same for all.</param>
    /// <param name="n">How many items for each.</param>
    /// <param name="results">n places a user, one user after the other.</param>
    /// <param name="counts">Receives how many were found for each user.</param>
    public void TopBatch(ReadOnlySpan<UserProfile> users, ItemFilter filter, int n, Span<ScoredItem> results, Span<int> counts) =>
        TopBatch(users, filter, n, results, counts, Simd.Best);

    /// <summary>Scores every item, as the storage has it (never rescored).</summary>
    public void Score(ReadOnlySpan<float> user, Span<float> scores) => Score(user, scores, Simd.Best);

    /// <inheritdoc/>
    public void Dispose() => _blocks.Dispose();

    internal int Top(ReadOnlySpan<float> user, ReadOnlySpan<int> seen, ItemFilter filter, Span<ScoredItem> results, SimdLevel level)
    {
        CheckUser(user);
        if (_exact is null || results.Length == 0)
        {
            return TopStored(user, seen, filter, results, level);
        }

        var candidates = ArrayPool<ScoredItem>.Shared.Rent(CandidatesFor(results.Length));
        try
        {
            int found = TopStored(user, seen, filter, candidates.AsSpan(0, CandidatesFor(results.Length)), level);
            return Rescoring.Rank(_exact, user, candidates.AsSpan(0, found), results);
        }
        finally
        {
            ArrayPool<ScoredItem>.Shared.Return(candidates);
            GC.KeepAlive(_exact);
        }
    }

    internal void TopBatch(
        ReadOnlySpan<UserProfile> users, ItemFilter filter, int n, Span<ScoredItem> results, Span<int> counts, SimdLevel level)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentOutOfRangeException.ThrowIfNegative(n);
        if (results.Length < (long)users.Length * n || counts.Length < users.Length)
        {
            throw new ArgumentException($"{users.Length} users × {n} items do not fit in {results.Length} results, {counts.Length} counts");
        }

        foreach (var user in users)
        {
            CheckUser(user.Factors.Span);
        }

        for (int first = 0; first < users.Length; first += FactorBatch.MaxUsers)
        {
            int count = Math.Min(FactorBatch.MaxUsers, users.Length - first);
            var group = users.Slice(first, count);
            var found = counts.Slice(first, count);
            var best = results.Slice(first * n, count * n);
            if (_exact is null || n == 0)
            {
                FactorBatch.Run(_blocks.Pointer, _blockBytes, _padded, Items, Storage, group, filter, n, best, found, level);
                continue;
            }

            int wanted = CandidatesFor(n);
            var candidates = ArrayPool<ScoredItem>.Shared.Rent(count * wanted);
            try
            {
                FactorBatch.Run(_blocks.Pointer, _blockBytes, _padded, Items, Storage, group, filter, wanted, candidates, found, level);
                for (int u = 0; u < count; u++)
                {
                    var own = candidates.AsSpan(u * wanted, found[u]);
                    found[u] = Rescoring.Rank(_exact, group[u].Factors.Span, own, best.Slice(u * n, n));
                }
            }
            finally
            {
                ArrayPool<ScoredItem>.Shared.Return(candidates);
            }
        }

        GC.KeepAlive(_blocks);
        GC.KeepAlive(_exact);
    }

    internal void Score(ReadOnlySpan<float> user, Span<float> scores, SimdLevel level)
    {
        CheckUser(user);
        if (scores.Length != Items)
        {
            throw new ArgumentException($"{scores.Length} places for the scores of {Items} items", nameof(scores));
        }

        var packed = ArrayPool<float>.Shared.Rent(_padded);
        fixed (float* u = packed)
        {
            FactorScan.Score(_blocks.Pointer, _blockBytes, Storage, Pack(user, u), scores, level);
        }

        ArrayPool<float>.Shared.Return(packed);
        GC.KeepAlive(_blocks);
    }

    private int CandidatesFor(int n) => n + Math.Max(Storage == FactorStorage.Int8 ? n : n / 4, 16);

    private static (int Padded, int BlockBytes) Shape(int k, FactorStorage storage) => storage switch
    {
        FactorStorage.Float32 => (Float32Format.Pad(k), Float32Format.BlockBytes(k)),
        FactorStorage.BFloat16 => (BFloat16Format.Pad(k), BFloat16Format.BlockBytes(k)),
        FactorStorage.Float16 => (Float16Format.Pad(k), Float16Format.BlockBytes(k)),
        FactorStorage.Int8 => (Int8Format.Pad(k), Int8Format.BlockBytes(k)),
        _ => throw new ArgumentOutOfRangeException(nameof(storage), storage, "unknown storage"),
    };

    private int TopStored(ReadOnlySpan<float> user, ReadOnlySpan<int> seen, ItemFilter filter, Span<ScoredItem> results, SimdLevel level)
    {
        var selector = new TopSelector(seen, filter, results);
        if (results.Length == 0)
        {
            return 0;
        }

        var packed = ArrayPool<float>.Shared.Rent(_padded);
        fixed (float* u = packed)
        {
            FactorScan.Top(ref selector, _blocks.Pointer, _blockBytes, Items, Storage, Pack(user, u), level);
        }

        ArrayPool<float>.Shared.Return(packed);
        GC.KeepAlive(_blocks);
        return selector.Finish();
    }

    private ScoringQuery Pack(ReadOnlySpan<float> user, float* target) => Storage switch
    {
        FactorStorage.Float32 => Float32Format.Pack(user, target),
        FactorStorage.BFloat16 => BFloat16Format.Pack(user, target),
        FactorStorage.Float16 => Float16Format.Pack(user, target),
        _ => Int8Format.Pack(user, target),
    };

    private void EncodeItem(ReadOnlySpan<float> factors, int item)
    {
        float limit = Storage == FactorStorage.Float16 ? 65504 : float.MaxValue;
        for (int f = 0; f < factors.Length; f++)
        {
            if (!(Math.Abs(factors[f]) <= limit))
            {
                throw new RecsysException($"item {item}: factor {f} is {factors[f]}, {Storage} holds magnitudes up to {limit:G6}");
            }
        }

        byte* block = _blocks.Pointer + ((long)(item >> 4) * _blockBytes);
        switch (Storage)
        {
            case FactorStorage.Float32:
                Float32Format.Encode(factors, block, item & 15);
                break;
            case FactorStorage.BFloat16:
                BFloat16Format.Encode(factors, block, item & 15);
                break;
            case FactorStorage.Float16:
                Float16Format.Encode(factors, block, item & 15);
                break;
            default:
                Int8Format.Encode(factors, block, item & 15);
                break;
        }
    }

    private void CheckUser(ReadOnlySpan<float> user)
    {
        if (user.Length != Factors)
        {
            throw new ArgumentException($"a user with {user.Length} factors, the items have {Factors}", nameof(user));
        }

        foreach (float x in user)
        {
            if (!float.IsFinite(x))
            {
                throw new ArgumentException($"a user's factor is {x}", nameof(user));
            }
        }
    }
}
