using System.Runtime.InteropServices;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Als;

/// <summary>
/// The whitened rows of one whole side for one half-epoch, found by <see cref="RowCode"/>: one base address a virtual
/// block. Blocks that come whole are used where they are; blocks that come in chunks are put together in own memory.
/// </summary>
public sealed class FactorTable
{
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
        for (int block = 0; block < VirtualBlocks.Count; block++)
        {
            for (int row = 0; row < blockRows[block];)
            {
                var chunk = await owners[block].GetWhitenedAsync(phase, block, row, maxRows, cancellationToken);
                if (chunk.Phase != phase || chunk.Block != block || chunk.FirstRow != row || chunk.Rows == 0 || chunk.Factors != factors)
                {
                    throw new RecsysException(
                        $"ALS: asked for rows from {row} of block {block} in phase {phase}, got {chunk.Rows} from {chunk.FirstRow} of block {chunk.Block} in phase {chunk.Phase}");
                }

                table.Place(chunk, blockRows[block]);
                row += chunk.Rows;
            }
        }

        return table;
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
