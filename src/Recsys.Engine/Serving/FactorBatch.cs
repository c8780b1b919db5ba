using System.Buffers;
using System.Runtime.CompilerServices;
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
                Run<ScoringLanes512>(index, storage, job, 8);
                break;
            case SimdLevel.Vector256:
                Run<ScoringLanes256>(index, storage, job, 2);
                break;
            default:
                Run<ScoringLanes128>(index, storage, job, 2);
                break;
        }

        for (int u = 0; u < users.Length; u++)
        {
            counts[u] = job.Resume(u).Finish();
        }
    }

    private static void Run<TLanes>(Index index, FactorStorage storage, Job job, int tile)
        where TLanes : unmanaged, IScoringLanes<TLanes>
    {
        switch (storage)
        {
            case FactorStorage.Float32:
                RunFloats<Float32Format, TLanes>(index, job, tile, decode: false);
                break;
            case FactorStorage.BFloat16:
                RunFloats<BFloat16Format, TLanes>(index, job, tile, decode: true);
                break;
            case FactorStorage.Float16:
                RunFloats<Float16Format, TLanes>(index, job, tile, decode: true);
                break;
            default:
                RunInt8<TLanes>(index, job);
                break;
        }
    }

    private static void RunFloats<TFormat, TLanes>(Index index, Job job, int tile, bool decode)
        where TFormat : IScoringFormat
        where TLanes : unmanaged, IScoringLanes<TLanes>
    {
        int padded = index.Padded;
        int blockFloats = padded * 16;
        int chunkBlocks = Math.Max(4, ChunkBytes / Math.Max(blockFloats * sizeof(float), 1));
        int tiles = (job.Users.Length + tile - 1) / tile;
        int packedFloats = tiles * tile * padded;
        var scratch = ArrayPool<float>.Shared.Rent(packedFloats + (decode ? chunkBlocks * blockFloats : 0) + 16);
        fixed (float* start = scratch)
        {
            float* decoded = (float*)(((nint)start + 63) & ~63);
            float* packed = decoded + (decode ? chunkBlocks * blockFloats : 0);
            PackTiles(job.Users, tile, padded, packed);
            float* scores = stackalloc float[8 * 16];
            for (int first = 0; first < index.Blocks; first += chunkBlocks)
            {
                int end = Math.Min(first + chunkBlocks, index.Blocks);
                for (int block = first; decode && block < end; block++)
                {
                    TFormat.Decode<TLanes>(index.Block(block), padded, decoded + ((block - first) * (long)blockFloats));
                }

                for (int t = 0; t < tiles; t++)
                {
                    int user = t * tile;
                    int inTile = Math.Min(tile, job.Users.Length - user);
                    float* tileUsers = packed + ((long)user * padded);
                    for (int block = first; block < end; block++)
                    {
                        uint wanted = job.Wanted(index, block);
                        if (wanted == 0)
                        {
                            continue;
                        }

                        float* b = decode ? decoded + ((block - first) * (long)blockFloats) : (float*)index.Block(block);
                        if (tile == 8)
                        {
                            Tile8<TLanes>(b, tileUsers, padded, scores);
                        }
                        else
                        {
                            Tile2<TLanes>(b, tileUsers, padded, scores);
                        }

                        for (int j = 0; j < inTile; j++)
                        {
                            job.Consider<TLanes>(user + j, block, wanted, TLanes.Load(scores + (16 * j)), scores + (16 * j));
                        }
                    }
                }
            }
        }

        ArrayPool<float>.Shared.Return(scratch);
    }

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
                            job.Consider(u, block, wanted, sixteen, scores, store: true);
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

    private static void Tile2<TLanes>(float* block, float* users, int padded, float* scores)
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
        TLanes.Store(TLanes.Add(e1, o1), scores + 16);
    }

    private static void Tile8<TLanes>(float* block, float* users, int padded, float* scores)
        where TLanes : unmanaged, IScoringLanes<TLanes>
    {
        TLanes e0 = TLanes.Zero, e1 = e0, e2 = e0, e3 = e0, e4 = e0, e5 = e0, e6 = e0, e7 = e0;
        TLanes o0 = e0, o1 = e0, o2 = e0, o3 = e0, o4 = e0, o5 = e0, o6 = e0, o7 = e0;
        for (int f = 0; f < padded; f += 2, block += 32, users += 16)
        {
            var even = TLanes.Load(block);
            e0 = TLanes.MultiplyAdd(even, TLanes.Broadcast(users[0]), e0);
            e1 = TLanes.MultiplyAdd(even, TLanes.Broadcast(users[1]), e1);
            e2 = TLanes.MultiplyAdd(even, TLanes.Broadcast(users[2]), e2);
            e3 = TLanes.MultiplyAdd(even, TLanes.Broadcast(users[3]), e3);
            e4 = TLanes.MultiplyAdd(even, TLanes.Broadcast(users[4]), e4);
            e5 = TLanes.MultiplyAdd(even, TLanes.Broadcast(users[5]), e5);
            e6 = TLanes.MultiplyAdd(even, TLanes.Broadcast(users[6]), e6);
            e7 = TLanes.MultiplyAdd(even, TLanes.Broadcast(users[7]), e7);
            var odd = TLanes.Load(block + 16);
            o0 = TLanes.MultiplyAdd(odd, TLanes.Broadcast(users[8]), o0);
            o1 = TLanes.MultiplyAdd(odd, TLanes.Broadcast(users[9]), o1);
            o2 = TLanes.MultiplyAdd(odd, TLanes.Broadcast(users[10]), o2);
            o3 = TLanes.MultiplyAdd(odd, TLanes.Broadcast(users[11]), o3);
            o4 = TLanes.MultiplyAdd(odd, TLanes.Broadcast(users[12]), o4);
            o5 = TLanes.MultiplyAdd(odd, TLanes.Broadcast(users[13]), o5);
            o6 = TLanes.MultiplyAdd(odd, TLanes.Broadcast(users[14]), o6);
            o7 = TLanes.MultiplyAdd(odd, TLanes.Broadcast(users[15]), o7);
        }

        TLanes.Store(TLanes.Add(e0, o0), scores);
        TLanes.Store(TLanes.Add(e1, o1), scores + 16);
        TLanes.Store(TLanes.Add(e2, o2), scores + 32);
        TLanes.Store(TLanes.Add(e3, o3), scores + 48);
        TLanes.Store(TLanes.Add(e4, o4), scores + 64);
        TLanes.Store(TLanes.Add(e5, o5), scores + 80);
        TLanes.Store(TLanes.Add(e6, o6), scores + 96);
        TLanes.Store(TLanes.Add(e7, o7), scores + 112);
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

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Consider<TLanes>(int user, int block, uint wanted, TLanes sixteen, float* scores, bool store = false)
            where TLanes : unmanaged, IScoringLanes<TLanes>
        {
            ref var state = ref States[user];
            if (state.Count == n)
            {
                wanted &= TLanes.GreaterThan(sixteen, TLanes.Broadcast(state.Threshold));
                if (wanted == 0)
                {
                    return;
                }
            }

            if (store)
            {
                TLanes.Store(sixteen, scores);
            }

            Offer(user, block, wanted, scores);
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private void Offer(int user, int block, uint wanted, float* scores)
        {
            var selector = Resume(user);
            selector.Offer(block << 4, wanted, scores);
            States[user] = selector.Suspend();
        }
    }
}
