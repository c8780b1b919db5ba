namespace Recsys.Engine.Als;

/// <summary>Fetches a side's whitened rows from its partitions once a phase and keeps the last phase's table.</summary>
/// <param name="factors">k.</param>
/// <param name="blockRows">Number of rows of each virtual block of that side.</param>
/// <param name="owners">The partition that owns each block.</param>
/// <param name="maxRows">Most rows asked for in one call.</param>
public sealed class FactorSource(int factors, IReadOnlyList<int> blockRows, IReadOnlyList<IFactorPartition> owners, int maxRows)
    : IFactorSource, IDisposable
{
    private readonly Lock _gate = new();
    private Task<FactorTable>? _table;
    private int _phase = -1;

    /// <inheritdoc/>
    public Task<FactorTable> GetAsync(int phase, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_table is null || _phase != phase || _table.IsFaulted || _table.IsCanceled)
            {
                _phase = phase;
                LetGo();
                _table = FactorTable.FetchAsync(phase, factors, blockRows, owners, maxRows, cancellationToken);
            }

            return _table;
        }
    }

    /// <summary>Lets go of the last table, and of one that is being fetched; who still solves by it holds it.</summary>
    public void Drop()
    {
        lock (_gate)
        {
            LetGo();
            _table = null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Drop();

    private void LetGo() => _ = _table?.ContinueWith(
        t => t.Result.Release(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
}
