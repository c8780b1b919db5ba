using Recsys.Engine.Compute;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Ease;

/// <summary>What clipping and pruning make of a B that is there already: the weights that training with these options gives.</summary>
internal static class EaseVariants
{
    private const int RowsPerBlock = 64;

    /// <summary>Clips (where asked) and prunes (below a density of 1) a copy of a dense B.</summary>
    public static EaseWeights Derive(EaseWeights from, bool clip, double density, ComputePool pool, CancellationToken cancellationToken)
    {
        var dense = from.Dense ?? throw new RecsysException("EASE: a pruned B cannot be clipped or pruned again");
        float[] diagonal = [.. from.InverseDiagonal];
        if (!clip)
        {
            return EaseWeights.FromSparse(Sparsifier.KeepLargest(dense, density, pool, cancellationToken), diagonal);
        }

        var copy = Clipped(dense, pool, cancellationToken);
        if (density == 1)
        {
            return EaseWeights.FromDense(copy, diagonal);
        }

        using (copy)
        {
            return EaseWeights.FromSparse(Sparsifier.KeepLargest(copy, density, pool, cancellationToken), diagonal);
        }
    }

    private static DenseMatrix Clipped(DenseMatrix dense, ComputePool pool, CancellationToken cancellationToken)
    {
        var copy = new DenseMatrix(dense.Rows, dense.Columns);
        try
        {
            pool.Run(
                (dense.Rows + RowsPerBlock - 1) / RowsPerBlock,
                (_, block) =>
                {
                    for (int i = block * RowsPerBlock; i < Math.Min(dense.Rows, (block + 1) * RowsPerBlock); i++)
                    {
                        dense.Row(i).CopyTo(copy.Row(i));
                        VectorMath.ClampNegative(copy.Row(i));
                    }
                },
                cancellationToken);
            return copy;
        }
        catch
        {
            copy.Dispose();
            throw;
        }
    }
}
