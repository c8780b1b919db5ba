using Recsys.Engine.Numerics;

namespace Recsys.Engine.Als;

/// <summary>Puts the factors of a side together from its partitions.</summary>
internal static class FactorCollection
{
    /// <summary>All rows of a side, in the order of the data set; from all partitions at once.</summary>
    /// <param name="partitions">The partitions of the side.</param>
    /// <param name="blockRows">Number of rows of each virtual block.</param>
    /// <param name="phase">The half-epoch whose result they are; null: as they are.</param>
    /// <param name="indices">Each row's place in the data set, block after block.</param>
    /// <param name="factors">k.</param>
    /// <param name="maxRows">Most rows asked for in one call.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="PartitionBehindException">A partition has earlier factors.</exception>
    public static async Task<DenseMatrix> CollectAsync(
        IReadOnlyList<IFactorPartition> partitions,
        IReadOnlyList<int> blockRows,
        int? phase,
        int[] indices,
        int factors,
        int maxRows,
        CancellationToken cancellationToken)
    {
        var matrix = new DenseMatrix(indices.Length, factors);
        try
        {
            await Task.WhenAll(partitions.Select((p, i) => CollectPartitionAsync(p, i))).ConfigureAwait(false);
            return matrix;
        }
        catch
        {
            matrix.Dispose();
            throw;
        }

        async Task CollectPartitionAsync(IFactorPartition partition, int index)
        {
            int block = VirtualBlocks.FirstBlock(index, partitions.Count);
            int end = VirtualBlocks.FirstBlock(index + 1, partitions.Count);
            int place = blockRows.Take(block).Sum();
            for (int row = 0; ;)
            {
                while (block < end && row >= blockRows[block])
                {
                    row -= blockRows[block++];
                }

                if (block == end)
                {
                    return;
                }

                var chunk = await partition.GetFactorsAsync(block, row, maxRows, cancellationToken).ConfigureAwait(false);
                if (chunk.Phase < phase)
                {
                    throw new PartitionBehindException($"ALS: block {block} has the factors of phase {chunk.Phase}, not {phase}");
                }

                if (chunk.Block != block || chunk.FirstRow != row || chunk.Rows == 0 || chunk.Factors != factors || (phase is not null && chunk.Phase != phase))
                {
                    throw new RecsysException(
                        $"ALS: asked for the factors from row {row} of block {block} after phase {phase}, got {chunk.Rows} from {chunk.FirstRow} of block {chunk.Block} after phase {chunk.Phase}");
                }

                for (int r = 0; r < chunk.Rows; r++)
                {
                    chunk.Row(r).CopyTo(matrix.Row(indices[place + r]));
                }

                place += chunk.Rows;
                row += chunk.Rows;
                chunk.Free();
            }
        }
    }
}
