using System.Runtime.InteropServices;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Als;

/// <summary>
/// The whitened rows of one whole side for one half-epoch, found by <see cref="RowCode"/>: one base address a virtual
/// block. Blocks that come whole are used where they are; blocks that come in chunks are put together in own memory.
/// </summary>
public sealed class FactorTable
{
    // Blocks fetched at once: while one answer is on its way the next is being written.
    private const int Lanes = 4;

    private readonly nint[] _bases = GC.AllocateArray<nint>(VirtualBlocks.Count, pinned: true);
    private readonly DenseMatrix?[] _owners = new DenseMatrix?[VirtualBlocks.Count];

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
        int next = -1;
        await Task.WhenAll(Enumerable.Range(0, Lanes).Select(_ => FetchBlocksAsync()));
        return table;

        async Task FetchBlocksAsync()
        {
            for (int block; (block = Interlocked.Increment(ref next)) < VirtualBlocks.Count;)
            {
                await table.FetchBlockAsync(block, factors, blockRows[block], owners[block], maxRows, cancellationToken);
            }
        }
    }

    private async Task FetchBlockAsync(
        int block, int factors, int blockRows, IFactorPartition owner, int maxRows, CancellationToken cancellationToken)
    {
        for (int row = 0; row < blockRows;)
        {
            var chunk = await owner.GetWhitenedAsync(Phase, block, row, maxRows, cancellationToken);
            if (chunk.Phase != Phase || chunk.Block != block || chunk.FirstRow != row || chunk.Rows == 0 || chunk.Factors != factors)
            {
                throw new RecsysException(
                    $"ALS: asked for rows from {row} of block {block} in phase {Phase}, got {chunk.Rows} from {chunk.FirstRow} of block {chunk.Block} in phase {chunk.Phase}");
            }

            Place(chunk, blockRows);
            row += chunk.Rows;
        }
    }

    private unsafe void Place(FactorBlock chunk, int blockRows)
    {
        if (chunk.Rows == blockRows)
        {
            _owners[chunk.Block] = chunk.Owner;
            _bases[chunk.Block] = (nint)chunk.Pointer;
            return;
        }

        var own = _owners[chunk.Block] ??= new DenseMatrix(blockRows, chunk.Factors);
        _bases[chunk.Block] = (nint)own.Pointer;
        for (int r = 0; r < chunk.Rows; r++)
        {
            chunk.Row(r).CopyTo(own.Row(chunk.FirstRow + r));
        }
    }
}
