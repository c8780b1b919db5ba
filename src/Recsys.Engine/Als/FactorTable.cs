using System.Runtime.InteropServices;
using Recsys.Engine.Numerics;
using Recsys.Engine.Serving;

namespace Recsys.Engine.Als;

/// <summary>
/// The whitened rows of one whole side for one half-epoch, found by <see cref="RowCode"/>: one base address a virtual
/// block. Blocks that come whole are used where they are; blocks that come in pieces are put together in own memory. Rows that
/// nobody needs may be of any value. Counted: what came from elsewhere is freed when nobody holds the table any more, and the
/// next half-epoch's rows come to warm memory.
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

    /// <summary>Fetches the rows of a side.</summary>
    /// <param name="phase">The half-epoch.</param>
    /// <param name="factors">k.</param>
    /// <param name="blockRows">Number of rows of each block.</param>
    /// <param name="plan">The calls to make. Rows that it does not ask for must not be read.</param>
    /// <param name="cancellationToken">Stops the fetching.</param>
    internal static async Task<FactorTable> FetchAsync(
        int phase, int factors, IReadOnlyList<int> blockRows, FetchPlan plan, CancellationToken cancellationToken)
    {
        var table = new FactorTable(phase, (factors + 15) & ~15);
        int next = -1;
        await Task.WhenAll(Enumerable.Range(0, Lanes).Select(_ => FetchPartitionsAsync()));
        return table;

        async Task FetchPartitionsAsync()
        {
            while (Interlocked.Increment(ref next) is var p && p < plan.Partitions.Count)
            {
                foreach (var request in plan.Partitions[p])
                {
                    await table.FetchAsync(request, factors, blockRows, cancellationToken);
                }
            }
        }
    }

    private async Task FetchAsync(FetchPlan.Request request, int factors, IReadOnlyList<int> blockRows, CancellationToken cancellationToken)
    {
        var (owner, block, row, rows, wanted) = request;
        while (rows > 0)
        {
            Skip();

            var chunk = await owner.GetWhitenedAsync(Phase, block, row, rows, wanted, cancellationToken);
            if (chunk.Phase != Phase || chunk.Block != block || chunk.FirstRow != row || chunk.Rows == 0 || chunk.Rows > rows || chunk.Factors != factors
                || (chunk.Rows == rows && chunk.Wanted is { } sent && sent.Count != wanted?.Count))
            {
                throw new RecsysException(
                    $"ALS: asked for {rows} rows from {row} of block {block} in phase {Phase}, got {chunk.Rows} from {chunk.FirstRow} of block {chunk.Block} in phase {chunk.Phase}");
            }

            bool kept = false;
            for (int from = 0; from < chunk.Rows;)
            {
                Skip();

                int part = Math.Min(chunk.Rows - from, blockRows[block] - row);
                kept |= Place(chunk, from, part, block, row, blockRows[block]);
                from += part;
                row += part;
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

            rows -= chunk.Rows;
            wanted = rows == 0 ? null : wanted?.Slice(chunk.Rows, rows);
        }

        // Over the end of a block, and over blocks without rows.
        void Skip()
        {
            for (; row == blockRows[block]; row = 0)
            {
                block++;
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
            if (chunk.Wanted?.Contains(from + r) != false)
            {
                chunk.Row(from + r).CopyTo(own.Row(firstRow + r));
            }
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
