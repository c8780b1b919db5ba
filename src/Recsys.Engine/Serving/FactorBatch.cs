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

        // Padded to whole tiles: no score is above infinity.
        float* thresholds = stackalloc float[MaxUsers + 4];
        new Span<float>(thresholds, MaxUsers + 4).Fill(float.PositiveInfinity);
        new Span<float>(thresholds, users.Length).Fill(float.NaN);
        var job = new Job(users, filter, results, n, stackalloc TopSelector.State[users.Length], thresholds);
        var index = new Index(blocks, blockBytes, padded, items);
        for (int u = 0; u < users.Length; u++)
        {
            job.States[u] = job.Start(u).Suspend();
        }

        switch (level)
        {
            case SimdLevel.Vector512:
                Run<ScoringLanes512>(index, storage, job, wide: true);
                break;
            case SimdLevel.Vector256:
                Run<ScoringLanes256>(index, storage, job, wide: false);
                break;
            default:
                Run<ScoringLanes128>(index, storage, job, wide: false);
                break;
        }

        for (int u = 0; u < users.Length; u++)
        {
            counts[u] = job.Resume(u).Finish();
        }
    }

    private static void Run<TLanes>(Index index, FactorStorage storage, Job job, bool wide)
        where TLanes : unmanaged, IScoringLanes<TLanes>
    {
        switch (storage)
        {
            case FactorStorage.Float32:
                RunFloats<Float32Format, TLanes>(index, job, wide, decode: false);
                break;
            case FactorStorage.BFloat16:
                RunFloats<BFloat16Format, TLanes>(index, job, wide, decode: true);
                break;
            case FactorStorage.Float16:
                RunFloats<Float16Format, TLanes>(index, job, wide, decode: true);
                break;
            default:
                RunInt8<TLanes>(index, job);
                break;
        }
    }

    private static void RunFloats<TFormat, TLanes>(Index index, Job job, bool wide, bool decode)
        where TFormat : IScoringFormat
        where TLanes : unmanaged, IScoringLanes<TLanes>
    {
        int tile = wide ? 4 : 2;
        int padded = index.Padded;
        int blockFloats = padded * 16;
        int chunkBlocks = Math.Max(4, ChunkBytes / Math.Max(blockFloats * sizeof(float), 1) & ~1);
        int tiles = (job.Users.Length + tile - 1) / tile;
        int packedFloats = tiles * tile * padded;
        var scratch = ArrayPool<float>.Shared.Rent(packedFloats + (decode ? chunkBlocks * blockFloats : 0) + 16);
        fixed (float* start = scratch)
        {
            float* decoded = (float*)(((nint)start + 63) & ~63);
            float* packed = decoded + (decode ? chunkBlocks * blockFloats : 0);
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
                byte* ahead = index.Block(end);
                long aheadBytes = (long)(Math.Min(end + chunkBlocks, index.Blocks) - end) * index.BlockBytes;
                int share = (int)(aheadBytes / Math.Max(tiles, 1) / Math.Max((end - first) / 2, 1)) & ~63;
                for (int t = 0; t < tiles; t++)
                {
                    int user = t * tile;
                    if (wide)
                    {
                        byte* own = ahead + (long)t * ((end - first) / 2) * share;
                        ScanWide<TLanes>(index, job, blocks, first, end, user, packed + ((long)user * padded), own, share);
                    }
                    else
                    {
                        ScanNarrow<TLanes>(index, job, blocks, first, end, user, packed + ((long)user * padded));
                    }
                }
            }
        }

        ArrayPool<float>.Shared.Return(scratch);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ScanWide<TLanes>(
        Index index, Job job, float* blocks, int first, int end, int user, float* users, byte* ahead, int share)
        where TLanes : unmanaged, IScoringLanes<TLanes>
    {
        float* scores = stackalloc float[8 * 16];
        int blockFloats = index.Padded * 16;
        for (int block = first; block < end; block += 2, blocks += 2 * (long)blockFloats)
        {
            uint wanted = job.Wanted(index, block);
            uint wantedNext = block + 1 < end ? job.Wanted(index, block + 1) : 0;
            if ((wanted | wantedNext) == 0)
            {
                continue;
            }

            for (int line = 0; Sse.IsSupported && line < share; line += 64)
            {
                Sse.Prefetch1(ahead + line);
            }

            ahead += share;
            float* next = wantedNext == 0 ? blocks : blocks + blockFloats;
            ulong above = Tile4x2<TLanes>(blocks, next, users, index.Padded, job.ThresholdsOf(user), scores, out ulong aboveNext);
            job.OfferTile(user, block, above, wanted, scores);
            job.OfferTile(user, block + 1, aboveNext, wantedNext, scores + 64);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ScanNarrow<TLanes>(Index index, Job job, float* blocks, int first, int end, int user, float* users)
        where TLanes : unmanaged, IScoringLanes<TLanes>
    {
        float* scores = stackalloc float[2 * 16];
        int blockFloats = index.Padded * 16;
        for (int block = first; block < end; block++, blocks += blockFloats)
        {
            uint wanted = job.Wanted(index, block);
            if (wanted != 0)
            {
                ulong above = Tile2x1<TLanes>(blocks, users, index.Padded, job.ThresholdsOf(user), scores);
                job.OfferTile(user, block, above, wanted, scores);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RunInt8<TLanes>(Index index, Job job)
        where TLanes : unmanaged, IScoringLanes<TLanes>
    {
        int padded = index.Padded;
        int chunkBlocks = Math.Max(4, ChunkBytes / index.BlockBytes);
        var scratch = ArrayPool<float>.Shared.Rent(job.Users.Length * padded);
        var queries = stackalloc ScoringQuery[job.Users.Length];
        float* scores = stackalloc float[16];
        fixed (float* packed = scratch)
        {
            for (int u = 0; u < job.Users.Length; u++)
            {
                queries[u] = Int8Format.Pack(job.Users[u].Factors.Span, packed + ((long)u * padded));
            }

            for (int first = 0; first < index.Blocks; first += chunkBlocks)
            {
                int end = Math.Min(first + chunkBlocks, index.Blocks);
                for (int u = 0; u < job.Users.Length; u++)
                {
                    for (int block = first; block < end; block++)
                    {
                        uint wanted = job.Wanted(index, block);
                        if (wanted != 0)
                        {
                            var sixteen = Int8Format.Score<TLanes>(index.Block(block), queries[u]);
                            ulong above = Above(sixteen, job.ThresholdsOf(u)[0]);
                            if ((above & wanted) != 0)
                            {
                                TLanes.Store(sixteen, scores);
                                job.OfferTile(u, block, above, wanted, scores);
                            }
                        }
                    }
                }
            }
        }

        ArrayPool<float>.Shared.Return(scratch);
    }

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

    // Bit i is 1 where score i is not at or below the threshold, which is NaN until there are n results.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Above<TLanes>(TLanes sixteen, float threshold)
        where TLanes : unmanaged, IScoringLanes<TLanes> =>
        TLanes.LessThanOrEqual(sixteen, TLanes.Broadcast(threshold)) ^ 0xFFFFu;

    // Two users by 16 items; 16 bits a user of those above the thresholds.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static ulong Tile2x1<TLanes>(float* block, float* users, int padded, float* thresholds, float* scores)
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

        return Close(e0, o0, thresholds, scores, 0) | Close(e1, o1, thresholds, scores, 1);
    }

    // Four users by 32 items.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static ulong Tile4x2<TLanes>(
        float* block, float* next, float* users, int padded, float* thresholds, float* scores, out ulong aboveNext)
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

        aboveNext = Close(p0, q0, thresholds, scores + 64, 0) | Close(p1, q1, thresholds, scores + 64, 1)
            | Close(p2, q2, thresholds, scores + 64, 2) | Close(p3, q3, thresholds, scores + 64, 3);
        return Close(e0, o0, thresholds, scores, 0) | Close(e1, o1, thresholds, scores, 1)
            | Close(e2, o2, thresholds, scores, 2) | Close(e3, o3, thresholds, scores, 3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Close<TLanes>(TLanes even, TLanes odd, float* thresholds, float* scores, int user)
        where TLanes : unmanaged, IScoringLanes<TLanes>
    {
        var sixteen = TLanes.Add(even, odd);
        TLanes.Store(sixteen, scores + (16 * user));
        return Above(sixteen, thresholds[user]) << (16 * user);
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
        ReadOnlySpan<UserProfile> users, ItemFilter filter, Span<ScoredItem> results, int n, Span<TopSelector.State> states, float* thresholds)
    {
        public readonly ReadOnlySpan<UserProfile> Users = users;
        public readonly Span<TopSelector.State> States = states;
        private readonly ReadOnlySpan<ulong> _allowed = filter.Allowed.GetValueOrDefault().Span;
        private readonly bool _hasAllowed = filter.Allowed.HasValue;
        private readonly Span<ScoredItem> _results = results;

        public TopSelector Start(int user) => new(Users[user].Items.Span, filter, _results.Slice(user * n, n));

        public TopSelector Resume(int user) => new(Users[user].Items.Span, filter, _results.Slice(user * n, n), States[user]);

        /// <summary>The items of a block that exist and are allowed.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public uint Wanted(in Index index, int block)
        {
            uint wanted = block == index.Blocks - 1 ? 0xFFFFu >> ((index.Blocks << 4) - index.Items) : 0xFFFF;
            if (_hasAllowed)
            {
                int word = block >> 2;
                wanted &= word < _allowed.Length ? (uint)(_allowed[word] >> ((block & 3) << 4)) : 0;
            }

            return wanted;
        }

        /// <summary>The threshold of a user and of those after, NaN while there are not n results.</summary>
        public float* ThresholdsOf(int user) => thresholds + user;

        /// <summary>Offers what is above the thresholds, 16 bits a user from <paramref name="firstUser"/> on.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void OfferTile(int firstUser, int block, ulong above, uint wanted, float* scores)
        {
            above &= wanted * 0x0001_0001_0001_0001u;
            if (above != 0)
            {
                OfferAbove(firstUser, block, above, scores);
            }
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private void OfferAbove(int firstUser, int block, ulong above, float* scores)
        {
            int inTile = Math.Min(4, Users.Length - firstUser);
            for (int j = 0; j < inTile; j++, above >>= 16, scores += 16)
            {
                if ((above & 0xFFFF) != 0)
                {
                    var selector = Resume(firstUser + j);
                    selector.Offer(block << 4, above & 0xFFFF, scores);
                    States[firstUser + j] = selector.Suspend();
                    thresholds[firstUser + j] = selector.IsFull ? selector.Threshold : float.NaN;
                }
            }
        }
    }
}
