using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Recsys.Engine.Models;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Serving;

/// <summary>
/// Many users' pass over the blocks of a <see cref="FactorIndex"/>: a chunk of blocks that stays in the second-level
/// cache is scored for all users, several of them at once in registers, before the next one is read.
/// </summary>
internal static unsafe class FactorBatch
{
    /// <summary>Users that share a pass.</summary>
    public const int MaxUsers = 64;

    private const int ChunkBytes = 256 * 1024;

    /// <summary>Best n items of each user, at <paramref name="results"/>[user · n].</summary>
    public static void Run(
        byte* blocks,
        int blockBytes,
        int padded,
        int items,
        FactorStorage storage,
        ReadOnlySpan<UserProfile> users,
        ItemFilter filter,
        int n,
        Span<ScoredItem> results,
        Span<int> counts,
        SimdLevel level)
    {
        if (n == 0)
        {
            counts.Clear();
            return;
        }

        var job = new Job(users, filter, results, n, stackalloc TopSelector.State[users.Length]);
        var index = new Index(blocks, blockBytes, padded, items);
        for (int u = 0; u < users.Length; u++)
        {
            job.States[u] = job.Start(u).Suspend();
        }

        switch (level)
        {
            case SimdLevel.Vector512:
                Run<ScoringLanes512>(index, storage, job, level);
                break;
            case SimdLevel.Vector256:
                Run<ScoringLanes256>(index, storage, job, level);
                break;
            default:
                Run<ScoringLanes128>(index, storage, job, level);
                break;
        }

        for (int u = 0; u < users.Length; u++)
        {
            counts[u] = job.Resume(u).Finish();
        }
    }

    private static void Run<TLanes>(in Index index, FactorStorage storage, in Job job, SimdLevel level)
        where TLanes : unmanaged, IScoringLanes<TLanes>
    {
        switch (storage)
        {
            case FactorStorage.Float32:
                RunFloats<Float32Format, TLanes>(index, job, level, decode: false);
                break;
            case FactorStorage.BFloat16:
                RunFloats<BFloat16Format, TLanes>(index, job, level, decode: true);
                break;
            case FactorStorage.Float16:
                RunFloats<Float16Format, TLanes>(index, job, level, decode: true);
                break;
            default:
                RunInt8<TLanes>(index, job, level);
                break;
        }
    }

    private static void RunFloats<TFormat, TLanes>(in Index index, in Job job, SimdLevel level, bool decode)
        where TFormat : IScoringFormat
        where TLanes : unmanaged, IScoringLanes<TLanes>
    {
        bool wide = level == SimdLevel.Vector512;
        int tile = wide ? 4 : 2;
        int padded = index.Padded;
        int blockFloats = padded * 16;
        int chunkBlocks = ChunkBlocks(blockFloats * sizeof(float));
        int row = chunkBlocks * 16;
        int tiles = (job.Users.Length + tile - 1) / tile;
        int decodedFloats = decode ? chunkBlocks * blockFloats : 0;
        var scratch = ArrayPool<float>.Shared.Rent(decodedFloats + (tile * row) + (tiles * tile * padded) + 16);
        fixed (float* start = scratch)
        {
            float* decoded = Align(start);
            float* scores = decoded + decodedFloats;
            float* packed = scores + (tile * row);
            PackTiles(job.Users, tile, padded, packed);
            for (int first = 0; first < index.Blocks; first += chunkBlocks)
            {
                int end = Math.Min(first + chunkBlocks, index.Blocks);
                for (int block = first; decode && block < end; block++)
                {
                    TFormat.Decode<TLanes>(index.Block(block), padded, decoded + ((block - first) * (long)blockFloats));
                }

                // Each tile fetches its share of the next chunk, or the first one to need it would wait for memory.
                float* blocks = decode ? decoded : (float*)index.Block(first);
                int pairs = (end - first + 1) / 2;
                long aheadBytes = (long)(Math.Min(end + chunkBlocks, index.Blocks) - end) * index.BlockBytes;
                int share = (int)(aheadBytes / tiles / pairs) & ~63;
                for (int t = 0; t < tiles; t++)
                {
                    int user = t * tile;
                    float* users = packed + ((long)user * padded);
                    if (wide)
                    {
                        byte* ahead = index.Block(end) + ((long)t * pairs * share);
                        ScoreWide<TLanes>(index, job, blocks, first, end, users, scores, row, ahead, share);
                    }
                    else
                    {
                        ScoreNarrow<TLanes>(index, job, blocks, first, end, users, scores, row);
                    }

                    for (int j = 0; j < tile && user + j < job.Users.Length; j++)
                    {
                        job.Offer(user + j, index, first, end, scores + ((long)j * row), level);
                    }
                }
            }
        }

        ArrayPool<float>.Shared.Return(scratch);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ScoreWide<TLanes>(
        in Index index, in Job job, float* blocks, int first, int end, float* users, float* scores, int row, byte* ahead, int share)
        where TLanes : unmanaged, IScoringLanes<TLanes>
    {
        int blockFloats = index.Padded * 16;
        for (int block = first; block < end; block += 2, blocks += 2 * (long)blockFloats, scores += 32)
        {
            for (int line = 0; Sse.IsSupported && line < share; line += 64)
            {
                Sse.Prefetch1(ahead + line);
            }

            ahead += share;
            bool hasNext = block + 1 < end;
            if (job.Wants(block) || (hasNext && job.Wants(block + 1)))
            {
                Tile4x2<TLanes>(blocks, hasNext ? blocks + blockFloats : blocks, users, index.Padded, scores, row);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ScoreNarrow<TLanes>(
        in Index index, in Job job, float* blocks, int first, int end, float* users, float* scores, int row)
        where TLanes : unmanaged, IScoringLanes<TLanes>
    {
        int blockFloats = index.Padded * 16;
        for (int block = first; block < end; block++, blocks += blockFloats, scores += 16)
        {
            if (job.Wants(block))
            {
                Tile2x1<TLanes>(blocks, users, index.Padded, scores, row);
            }
        }
    }

    private static void RunInt8<TLanes>(in Index index, in Job job, SimdLevel level)
        where TLanes : unmanaged, IScoringLanes<TLanes>
    {
        int padded = index.Padded;
        int chunkBlocks = ChunkBlocks(index.BlockBytes);
        int row = chunkBlocks * 16;
        var scratch = ArrayPool<float>.Shared.Rent(row + (job.Users.Length * padded) + 16);
        var queries = stackalloc ScoringQuery[job.Users.Length];
        fixed (float* start = scratch)
        {
            float* scores = Align(start);
            float* packed = scores + row;
            for (int u = 0; u < job.Users.Length; u++)
            {
                queries[u] = Int8Format.Pack(job.Users[u].Factors.Span, packed + ((long)u * padded));
            }

            for (int first = 0; first < index.Blocks; first += chunkBlocks)
            {
                int end = Math.Min(first + chunkBlocks, index.Blocks);
                for (int u = 0; u < job.Users.Length; u++)
                {
                    ScoreInt8<TLanes>(index, job, first, end, queries[u], scores);
                    job.Offer(u, index, first, end, scores, level);
                }
            }
        }

        ArrayPool<float>.Shared.Return(scratch);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ScoreInt8<TLanes>(in Index index, in Job job, int first, int end, in ScoringQuery query, float* scores)
        where TLanes : unmanaged, IScoringLanes<TLanes>
    {
        byte* blocks = index.Block(first);
        for (int block = first; block < end; block++, blocks += index.BlockBytes, scores += 16)
        {
            if (job.Wants(block))
            {
                TLanes.Store(Int8Format.Score<TLanes>(blocks, query), scores);
            }
        }
    }

    // As many as the cache holds; whole words of the allow-list.
    private static int ChunkBlocks(int bytesPerBlock) => Math.Max(4, ChunkBytes / Math.Max(bytesPerBlock, 64) & ~3);

    private static float* Align(float* start) => (float*)(((nint)start + 63) & ~63);

    // Users of a tile side by side, factor by factor; missing ones are zero.
    private static void PackTiles(ReadOnlySpan<UserProfile> users, int tile, int padded, float* packed)
    {
        int tiles = (users.Length + tile - 1) / tile;
        new Span<float>(packed, tiles * tile * padded).Clear();
        for (int u = 0; u < users.Length; u++)
        {
            float* to = packed + ((long)(u / tile) * tile * padded) + (u % tile);
            var factors = users[u].Factors.Span;
            for (int f = 0; f < factors.Length; f++)
            {
                to[f * tile] = factors[f];
            }
        }
    }

    // Two users by 16 items; the users' scores are row floats apart.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile2x1<TLanes>(float* block, float* users, int padded, float* scores, int row)
        where TLanes : unmanaged, IScoringLanes<TLanes>
    {
        TLanes e0 = TLanes.Zero, o0 = TLanes.Zero, e1 = TLanes.Zero, o1 = TLanes.Zero;
        for (int f = 0; f < padded; f += 2, block += 32, users += 4)
        {
            var even = TLanes.Load(block);
            e0 = TLanes.MultiplyAdd(even, TLanes.Broadcast(users[0]), e0);
            e1 = TLanes.MultiplyAdd(even, TLanes.Broadcast(users[1]), e1);
            var odd = TLanes.Load(block + 16);
            o0 = TLanes.MultiplyAdd(odd, TLanes.Broadcast(users[2]), o0);
            o1 = TLanes.MultiplyAdd(odd, TLanes.Broadcast(users[3]), o1);
        }

        TLanes.Store(TLanes.Add(e0, o0), scores);
        TLanes.Store(TLanes.Add(e1, o1), scores + row);
    }

    // Four users by 32 items.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile4x2<TLanes>(float* block, float* next, float* users, int padded, float* scores, int row)
        where TLanes : unmanaged, IScoringLanes<TLanes>
    {
        TLanes e0 = TLanes.Zero, e1 = e0, e2 = e0, e3 = e0, o0 = e0, o1 = e0, o2 = e0, o3 = e0;
        TLanes p0 = e0, p1 = e0, p2 = e0, p3 = e0, q0 = e0, q1 = e0, q2 = e0, q3 = e0;
        for (int f = 0; f < padded; f += 2, block += 32, next += 32, users += 8)
        {
            var here = TLanes.Load(block);
            var there = TLanes.Load(next);
            var user = TLanes.Broadcast(users[0]);
            e0 = TLanes.MultiplyAdd(here, user, e0);
            p0 = TLanes.MultiplyAdd(there, user, p0);
            user = TLanes.Broadcast(users[1]);
            e1 = TLanes.MultiplyAdd(here, user, e1);
            p1 = TLanes.MultiplyAdd(there, user, p1);
            user = TLanes.Broadcast(users[2]);
            e2 = TLanes.MultiplyAdd(here, user, e2);
            p2 = TLanes.MultiplyAdd(there, user, p2);
            user = TLanes.Broadcast(users[3]);
            e3 = TLanes.MultiplyAdd(here, user, e3);
            p3 = TLanes.MultiplyAdd(there, user, p3);
            here = TLanes.Load(block + 16);
            there = TLanes.Load(next + 16);
            user = TLanes.Broadcast(users[4]);
            o0 = TLanes.MultiplyAdd(here, user, o0);
            q0 = TLanes.MultiplyAdd(there, user, q0);
            user = TLanes.Broadcast(users[5]);
            o1 = TLanes.MultiplyAdd(here, user, o1);
            q1 = TLanes.MultiplyAdd(there, user, q1);
            user = TLanes.Broadcast(users[6]);
            o2 = TLanes.MultiplyAdd(here, user, o2);
            q2 = TLanes.MultiplyAdd(there, user, q2);
            user = TLanes.Broadcast(users[7]);
            o3 = TLanes.MultiplyAdd(here, user, o3);
            q3 = TLanes.MultiplyAdd(there, user, q3);
        }

        TLanes.Store(TLanes.Add(e0, o0), scores);
        TLanes.Store(TLanes.Add(p0, q0), scores + 16);
        TLanes.Store(TLanes.Add(e1, o1), scores + row);
        TLanes.Store(TLanes.Add(p1, q1), scores + row + 16);
        TLanes.Store(TLanes.Add(e2, o2), scores + (2 * row));
        TLanes.Store(TLanes.Add(p2, q2), scores + (2 * row) + 16);
        TLanes.Store(TLanes.Add(e3, o3), scores + (3 * row));
        TLanes.Store(TLanes.Add(p3, q3), scores + (3 * row) + 16);
    }

    private readonly struct Index(byte* blocks, int blockBytes, int padded, int items)
    {
        public readonly int BlockBytes = blockBytes;
        public readonly int Padded = padded;
        public readonly int Items = items;
        public readonly int Blocks = (items + 15) / 16;
        private readonly byte* _blocks = blocks;

        public byte* Block(int block) => _blocks + ((long)block * BlockBytes);
    }

    private readonly ref struct Job(
        ReadOnlySpan<UserProfile> users, ItemFilter filter, Span<ScoredItem> results, int n, Span<TopSelector.State> states)
    {
        public readonly ReadOnlySpan<UserProfile> Users = users;
        public readonly Span<TopSelector.State> States = states;
        private readonly ReadOnlySpan<ulong> _allowed = filter.Allowed.GetValueOrDefault().Span;
        private readonly bool _hasAllowed = filter.Allowed.HasValue;
        private readonly Span<ScoredItem> _results = results;

        public TopSelector Start(int user) => new(Users[user].Items.Span, filter, _results.Slice(user * n, n));

        public TopSelector Resume(int user) => new(Users[user].Items.Span, filter, _results.Slice(user * n, n), States[user]);

        /// <summary>Whether any of a block's items is allowed.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public bool Wants(int block) =>
            !_hasAllowed || (block >> 2 < _allowed.Length && ((_allowed[block >> 2] >> ((block & 3) << 4)) & 0xFFFF) != 0);

        /// <summary>Offers a chunk's scores, those of blocks nobody wants being anything, to a user's selection.</summary>
        public void Offer(int user, in Index index, int first, int end, float* scores, SimdLevel level)
        {
            var selector = Resume(user);
            TopN.Offer(ref selector, first << 4, scores, Math.Min(end << 4, index.Items) - (first << 4), lowest: false, level);
            States[user] = selector.Suspend();
        }
    }
}
