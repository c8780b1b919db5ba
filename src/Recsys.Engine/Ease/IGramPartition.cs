namespace Recsys.Engine.Ease;

/// <summary>
/// The owner of a range of rows of the Gram matrix, wherever it lives. The coordinator talks to partitions through
/// this interface alone.
/// </summary>
public interface IGramPartition
{
    /// <summary>
    /// Computes the owned rows of XᵀX + Λ, lower triangle (columns up to the row's own). Repeating the call gives
    /// the same rows again.
    /// </summary>
    ValueTask ComputeRowsAsync(EaseDiagonal diagonal, CancellationToken cancellationToken);
}
