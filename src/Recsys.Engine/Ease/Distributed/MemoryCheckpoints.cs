using System.Collections.Concurrent;

namespace Recsys.Engine.Ease.Distributed;

/// <summary>Checkpoints in the memory of this process: they outlive a partition, not the process.</summary>
public sealed class MemoryCheckpoints : IEaseCheckpoints
{
    private readonly ConcurrentDictionary<(EaseCheckpoint Checkpoint, int Piece), (int First, int Rows, int Columns, float[] Values)> _pieces = new();
    private readonly ConcurrentDictionary<EaseCheckpoint, int> _complete = new();

    /// <inheritdoc/>
    public Task SaveAsync(EaseCheckpoint checkpoint, int piece, PanelBlock block, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(block);
        _pieces[(checkpoint, piece)] = (block.First, block.Rows, block.Columns, block.ToArray());
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task CompleteAsync(EaseCheckpoint checkpoint, int pieces, CancellationToken cancellationToken)
    {
        _complete[checkpoint] = pieces;
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<PanelBlock> LoadAsync(EaseCheckpoint checkpoint, int piece, CancellationToken cancellationToken)
    {
        if (!_complete.TryGetValue(checkpoint, out int pieces) || piece >= pieces)
        {
            throw new RecsysException($"there is no piece {piece} of {checkpoint}");
        }

        var (first, rows, columns, values) = _pieces[(checkpoint, piece)];
        return Task.FromResult(PanelBlock.Copy(first, rows, columns, values));
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<int>> ListAsync(string training, int partition, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<int>>(
            [.. _complete.Keys.Where(c => c.Training == training && c.Partition == partition).Select(c => c.Pivots).Order()]);

    /// <inheritdoc/>
    public Task DeleteAsync(string training, int partition, int pivots, CancellationToken cancellationToken)
    {
        bool IsOld(EaseCheckpoint c) => c.Training == training && c.Partition == partition && c.Pivots < pivots;
        foreach (var checkpoint in _complete.Keys.Where(IsOld))
        {
            _complete.TryRemove(checkpoint, out _);
        }

        foreach (var key in _pieces.Keys.Where(k => IsOld(k.Checkpoint)))
        {
            _pieces.TryRemove(key, out _);
        }

        return Task.CompletedTask;
    }
}
