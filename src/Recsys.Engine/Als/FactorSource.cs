namespace Recsys.Engine.Als;

/// <summary>
/// Fetches a side's whitened rows from its partitions once a phase and keeps the last phase's table. All rows, unless it is told
/// which partitions use them (<see cref="Need"/>): then the rows that these name.
/// </summary>
/// <param name="factors">k.</param>
/// <param name="blockRows">Number of rows of each virtual block of that side.</param>
/// <param name="owners">The partition that owns each block.</param>
/// <param name="maxRows">Most rows sent in one call.</param>
public sealed class FactorSource(int factors, IReadOnlyList<int> blockRows, IReadOnlyList<IFactorPartition> owners, int maxRows)
    : IFactorSource, IDisposable
{
    private readonly Lock _gate = new();
    private RowNeeds? _needs;
    private int _from = VirtualBlocks.Count;
    private FetchPlan? _plan;
    private (int Phase, FetchPlan Plan, Task<FactorTable>? Table) _fetched;

    /// <summary>Number of rows of each block that are fetched.</summary>
    public IReadOnlyList<int> Needed => _needs is { } needs ? [.. Enumerable.Range(0, blockRows.Count).Select(b => needs.Of(b).Count)] : blockRows;

    /// <inheritdoc/>
    public Task<FactorTable> GetAsync(int phase, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            // Where a partition has come since, the table may lack rows that it needs: there is a new plan.
            _plan ??= FetchPlan.Create(blockRows, owners, _needs, maxRows, _from);
            if (_fetched.Table is null || _fetched.Phase != phase || _fetched.Plan != _plan || _fetched.Table.IsFaulted || _fetched.Table.IsCanceled)
            {
                LetGo();
                _fetched = (phase, _plan, FactorTable.FetchAsync(phase, factors, blockRows, _plan, cancellationToken));
            }

            return _fetched.Table!;
        }
    }

    /// <summary>A partition uses the rows that it names: they are fetched from now on, and others only where another partition needs them.</summary>
    public void Need(PartitionRows partition)
    {
        lock (_gate)
        {
            // Partitions of the same number on both sides are in the same process, as a rule.
            _from = Math.Min(_from, partition.FirstBlock);
            var needs = (_needs ?? RowNeeds.None(blockRows)).With(partition);
            if (needs != _needs)
            {
                _needs = needs;
                _plan = null;
            }
        }
    }

    /// <summary>Lets go of the last table, and of one that is being fetched; who still solves by it holds it.</summary>
    public void Drop()
    {
        lock (_gate)
        {
            LetGo();
            _fetched = default;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Drop();

    private void LetGo() => _ = _fetched.Table?.ContinueWith(
        t => t.Result.Release(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
}
