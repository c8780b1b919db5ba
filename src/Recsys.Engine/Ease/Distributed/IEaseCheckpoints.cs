namespace Recsys.Engine.Ease.Distributed;

/// <summary>
/// Where the blocks of partitions are kept while a training runs, so that one that is lost need not begin anew. Pieces of a
/// checkpoint are written in ascending order, each once, from piece 0, which begins it anew; it is there for readers when it
/// is complete.
/// </summary>
public interface IEaseCheckpoints
{
    /// <summary>Writes piece number <paramref name="piece"/>, from 0. The block is valid until the task ends: copy what is kept.</summary>
    Task SaveAsync(EaseCheckpoint checkpoint, int piece, PanelBlock block, CancellationToken cancellationToken);

    /// <summary>Makes a checkpoint of so many pieces complete.</summary>
    Task CompleteAsync(EaseCheckpoint checkpoint, int pieces, CancellationToken cancellationToken);

    /// <summary>Reads a piece of a complete checkpoint.</summary>
    /// <exception cref="RecsysException">There is none such, or it is damaged.</exception>
    Task<PanelBlock> LoadAsync(EaseCheckpoint checkpoint, int piece, CancellationToken cancellationToken);

    /// <summary>The complete checkpoints of a partition, ascending numbers of pivots.</summary>
    Task<IReadOnlyList<int>> ListAsync(string training, int partition, CancellationToken cancellationToken);

    /// <summary>Deletes checkpoints of a partition of fewer than <paramref name="pivots"/> pivots, complete or not.</summary>
    Task DeleteAsync(string training, int partition, int pivots, CancellationToken cancellationToken);
}
