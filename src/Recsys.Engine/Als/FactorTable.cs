using System.Runtime.InteropServices;
using Recsys.Engine.Numerics;
using Recsys.Engine.Serving;

namespace Recsys.Engine.Als;

/// <summary>
/// The whitened rows of one whole side for one half-epoch, found by <see cref="RowCode"/>: one base address a virtual
/// block. A partition's blocks follow one another and come in as few calls as their size allows. Blocks that come whole are
/// used where they are; blocks that come in pieces are put together in own memory. Counted: what came from elsewhere is freed
/// when nobody holds the table any more, and the next half-epoch's rows come to warm memory.
/// </summary>
public sealed class FactorTable
{
    // Partitions fetched from at once: while one answer is on its way the next is being written.
    private const int Lanes = 4;

    private readonly nint[] _bases = GC.AllocateArray<nint>(VirtualBlocks.Count, pinned: true);
    private readonly DenseMatrix?[] _owners = new DenseMatrix?[VirtualBlocks.Count];
    private readonly Memory _memory = new();

    private FactorTable(int phase, int stride)
    {
        Phase = phase;
        Stride = stride;
    }

    /// <summary>The half-epoch.</summary>
    public int Phase { get; }

    /// <summary>Floats from one row of a block to the next.</summary>
    internal int Stride { get; }

    /// <summary>First row of each block.</summary>
    internal unsafe float** Bases => (float**)Marshal.UnsafeAddrOfPinnedArrayElement(_bases, 0);

    /// <summary>Takes hold of it; false when it is gone already.</summary>
    internal bool TryHold() => _memory.TryAcquire();

    /// <summary>Lets go of it, once for each time it was taken hold of and once for whoever fetched it.</summary>
    internal void Release() => _memory.Release();

    /// <summary>Fetches every block of a side.</summary>
    /// <param name="phase">The half-epoch.</param>
    /// <param name="factors">k.</param>
    /// <param name="blockRows">Number of rows of each block.</param>
    /// <param name="owners">The partition that owns each block.</param>
    /// <param name="maxRows">Most rows asked for in one call.</param>
    /// <param name="cancellationToken">Stops the fetching.</param>
    public static async Task<FactorTable> FetchAsync(
        int phase,
        int factors,
        IReadOnlyList<int> blockRows,
        IReadOnlyList<IFactorPartition> owners,
        int maxRows,
        CancellationToken cancellationToken)
    {
        var table = new FactorTable(phase, (factors + 15) & ~15);
        int next = 0;
        await Task.WhenAll(Enumerable.Range(0, Lanes).Select(_ => FetchPartitionsAsync()));
        return table;

        async Task FetchPartitionsAsync()
        {
            while (Next() is var (block, end) && block < end)
            {
                await table.FetchBlocksAsync(block, end, factors, blockRows, owners[block], maxRows, cancellationToken);
            }
        }

        // The next blocks that one partition owns.
        (int Block, int End) Next()
        {
            lock (table)
            {
                int first = next;
                while (next < VirtualBlocks.Count && owners[next] == owners[first])
                {
                    next++;
                }

                return (first, next);
            }
        }
    }

    private async Task FetchBlocksAsync(
        int block, int end, int factors, IReadOnlyList<int> blockRows, IFactorPartition owner, int maxRows, CancellationToken cancellationToken)
    {
        int row = 0;
        while (true)
        {
            Skip();
            if (block == end)
            {
                return;
            }

            var chunk = await owner.GetWhitenedAsync(Phase, block, row, maxRows, cancellationToken);
            if (chunk.Phase != Phase || chunk.Block != block || chunk.FirstRow != row || chunk.Rows == 0 || chunk.Factors != factors)
            {
                throw new RecsysException(
                    $"ALS: asked for rows from {row} of block {block} in phase {Phase}, got {chunk.Rows} from {chunk.FirstRow} of block {chunk.Block} in phase {chunk.Phase}");
            }

            bool kept = false;
            for (int from = 0; from < chunk.Rows;)
            {
                Skip();
                if (block == end)
                {
                    throw new RecsysException($"ALS: got {chunk.Rows - from} rows beyond block {end - 1} in phase {Phase}");
                }

                int rows = Math.Min(chunk.Rows - from, blockRows[block] - row);
                kept |= Place(chunk, from, rows, block, row, blockRows[block]);
                from += rows;
                row += rows;
            }

            // Rows that were all copied are wanted no longer.
            if (!kept)
            {
                chunk.Free();
            }
            else if (!chunk.IsView)
            {
                _memory.Add(chunk.Owner);
            }
        }

        // Over the end of a block, and over blocks without rows.
        void Skip()
        {
            while (block < end && row == blockRows[block])
            {
                block++;
                row = 0;
            }
        }
    }

    /// <summary>Whether the rows are used where they are.</summary>
    private unsafe bool Place(FactorBlock chunk, int from, int rows, int block, int firstRow, int blockRows)
    {
        if (rows == blockRows)
        {
            _owners[block] = chunk.Owner;
            _bases[block] = (nint)(chunk.Pointer + ((long)from * chunk.Stride));
            return true;
        }

        if (_owners[block] is not { } own)
        {
            _owners[block] = own = DenseMatrix.Recycled(blockRows, chunk.Factors);
            _memory.Add(own);
        }

        _bases[block] = (nint)own.Pointer;
        for (int r = 0; r < rows; r++)
        {
            chunk.Row(from + r).CopyTo(own.Row(firstRow + r));
        }

        return false;
    }

    /// <summary>What is the table's own.</summary>
    private sealed class Memory : Counted
    {
        private readonly List<DenseMatrix> _matrices = [];

        public void Add(DenseMatrix matrix)
        {
            lock (_matrices)
            {
                _matrices.Add(matrix);
            }
        }

        protected override void Free() => _matrices.ForEach(m => m.Dispose());
    }
}
