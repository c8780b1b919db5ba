using System.Diagnostics;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Ease.Distributed;

/// <summary>
/// What a partition does in one attempt. One step works on the columns at a time; the panels it has published are read by
/// anybody meanwhile.
/// </summary>
internal sealed class EasePart : IDisposable
{
    private readonly EaseHost _host;
    private readonly EaseRun _run;
    private readonly EaseLayout _layout;
    private readonly int _index;
    private readonly ColumnBlocks _columns;
    private readonly PublishedPanels _published;
    private readonly ByteCounter _panelBytes = new();
    private readonly ByteCounter _exchangeBytes = new();
    private readonly ByteCounter _checkpointBytes = new();
    private long _workTicks;
    private long _waitTicks;
    private long _checkpointTicks;
    private bool _shared;

    public EasePart(EaseHost host, EaseRun run, int index, PublishedPanels published)
    {
        _host = host;
        _run = run;
        _layout = run.Layout;
        _index = index;
        _published = published;
        _columns = new ColumnBlocks(_layout, index, host.Kernel(run.Plan));
    }

    /// <summary>What was moved and spent so far.</summary>
    public EaseCosts Costs => new(
        _panelBytes.Bytes,
        _exchangeBytes.Bytes,
        _checkpointBytes.Bytes,
        Stopwatch.GetElapsedTime(0, Interlocked.Read(ref _workTicks)).TotalSeconds,
        Stopwatch.GetElapsedTime(0, Interlocked.Read(ref _waitTicks)).TotalSeconds,
        Stopwatch.GetElapsedTime(0, Interlocked.Read(ref _checkpointTicks)).TotalSeconds);

    /// <summary>The diagonal of P at the own columns, once they are columns of B.</summary>
    public float[] Diagonal { get; private set; } = [];

    /// <summary>The own columns of G.</summary>
    public async Task GramAsync(CancellationToken cancellationToken)
    {
        var scratch = new DenseMatrix?[_host.Queue.Threads];
        try
        {
            await Compute(
                (_columns.Columns + ColumnBlocks.Strip - 1) / ColumnBlocks.Strip,
                (worker, strip) => _columns.Gram(
                    _host.Users,
                    _host.Items,
                    _run.Plan.Options,
                    strip,
                    scratch[worker] ??= new DenseMatrix(ColumnBlocks.Strip, _layout.Items)),
                cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            foreach (var rows in scratch)
            {
                rows?.Dispose();
            }
        }
    }

    /// <summary>One pivot block.</summary>
    public async Task SweepAsync(int pivot, CancellationToken cancellationToken)
    {
        if (_columns.Columns == 0)
        {
            return;
        }

        _published.Retire(pivot, _layout.Partitions);
        bool owner = _layout.OwnerOf(pivot) == _index;
        if (owner && !_published.HasPivot(pivot))
        {
            await Compute(1, (_, _) => InvertPivot(pivot), cancellationToken).ConfigureAwait(false);
        }

        int[] chunks = _layout.PanelOf(_index, pivot);
        if (owner || chunks.Length > 0)
        {
            var step = await Wait(_host.Panels.PivotAsync(_run, pivot, _panelBytes)).ConfigureAwait(false);
            var panel = _published.Take(owner ? _layout.Chunks : _layout.Owned(_index).Length, _layout.Block);
            await Compute(
                chunks.Length + (owner ? 1 : 0),
                (worker, item) =>
                {
                    if (item == chunks.Length)
                    {
                        _columns.SweepPivot(worker, pivot, step);
                    }
                    else
                    {
                        _columns.Gather(worker, pivot, chunks[item], step, panel, item);
                    }
                },
                cancellationToken).ConfigureAwait(false);
            _published.PublishPanel(pivot, panel, chunks.Length);
        }

        var packed = await Wait(_host.Panels.PanelAsync(_run, pivot, _panelBytes)).ConfigureAwait(false);
        await Compute(_layout.Chunks + 1, (_, item) => Update(item, pivot, packed), cancellationToken).ConfigureAwait(false);
        _host.Panels.Done(_run, pivot);
    }

    /// <summary>Fills the upper triangle of the own columns: P_ij = P_ji, from the owner of column i.</summary>
    public async Task ExchangeAsync(CancellationToken cancellationToken)
    {
        foreach (int chunk in _layout.Owned(_index).ToArray())
        {
            _columns.Mirror(chunk);
            for (int p = 0; p < _layout.Partitions; p++)
            {
                int chunks = _layout.OwnedBefore(p, chunk);
                if (chunks > 0)
                {
                    await FetchAsync(chunk, p, chunks, cancellationToken).ConfigureAwait(false);
                }
            }
        }
    }

    /// <summary>−P to B: column j is divided by −P_jj, the diagonal becomes 0.</summary>
    public async Task WeightsAsync(CancellationToken cancellationToken)
    {
        const int Rows = 64;
        float[] diagonal = _columns.Diagonal();
        float[] scale = [.. diagonal.Select(p => 1f / p)];
        bool clip = _run.Plan.Options.NonNegative == NonNegativeMode.Clip;
        await Compute(
            (_layout.Items + Rows - 1) / Rows,
            (_, block) =>
            {
                for (int i = block * Rows; i < Math.Min(_layout.Items, (block + 1) * Rows); i++)
                {
                    _columns.Weigh(i, scale, clip);
                }
            },
            cancellationToken).ConfigureAwait(false);
        Diagonal = diagonal;
    }

    /// <summary>Writes the lower triangle of the own columns.</summary>
    public async Task SaveAsync(EaseCheckpoints store, int pivots, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        int piece = 0;
        foreach (var block in _columns.Pieces())
        {
            await store.SaveAsync(_index, pivots, piece++, block, cancellationToken).ConfigureAwait(false);
            _checkpointBytes.Add(block.Bytes);
        }

        await store.CompleteAsync(_index, pivots, piece, cancellationToken).ConfigureAwait(false);
        Interlocked.Add(ref _checkpointTicks, Stopwatch.GetTimestamp() - start);
    }

    /// <summary>Reads what <see cref="SaveAsync"/> wrote.</summary>
    public async Task RestoreAsync(EaseCheckpoints store, int pivots, CancellationToken cancellationToken)
    {
        int piece = 0;
        foreach (var target in _columns.Pieces())
        {
            var block = await store.LoadAsync(_index, pivots, piece, cancellationToken).ConfigureAwait(false);
            if (block.First != target.First || block.Rows != target.Rows || block.Columns != target.Columns)
            {
                throw new RecsysException(
                    $"EASE: piece {piece} of the checkpoint of partition {_index} after {pivots} pivots is {block.Rows} x {block.Columns} from {block.First}, expected {target.Rows} x {target.Columns} from {target.First}");
            }

            for (int r = 0; r < block.Rows; r++)
            {
                block.Row(r).CopyTo(_columns.Matrix.Row(block.First + r));
            }

            block.Release();

            piece++;
        }
    }

    /// <summary>See <see cref="ColumnBlocks.Copy"/>.</summary>
    public PanelBlock Copy(int firstRow, int maxRows, int columns) => _columns.Copy(firstRow, maxRows, columns);

    /// <summary>The columns, to be used beyond the end of this object, by readers only.</summary>
    public DenseMatrix Share()
    {
        _shared = true;
        return _columns.Matrix;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_shared)
        {
            _columns.Dispose();
        }
    }

    private void InvertPivot(int pivot)
    {
        var inverse = _published.Take(1, _layout.Block);
        _columns.InvertPivot(pivot, inverse);
        _published.PublishPivot(pivot, inverse);
    }

    // Item 0 is the next pivot block with its inverse, the others are block rows, the longest first.
    private void Update(int item, int pivot, PackedStep step)
    {
        int next = pivot + 1;
        bool ahead = next < _layout.Chunks && _layout.OwnerOf(next) == _index;
        if (item == 0)
        {
            if (ahead)
            {
                _columns.Update(next, next, pivot, step);
                InvertPivot(next);
            }

            return;
        }

        int row = _layout.Chunks - item;
        if (row == pivot)
        {
            return;
        }

        foreach (int column in _layout.Owned(_index))
        {
            if (column > row)
            {
                break;
            }

            if (column != pivot && !(ahead && row == next && column == next))
            {
                _columns.Update(row, column, pivot, step);
            }
        }
    }

    // What another partition holds of the block row of an own block column.
    private async Task FetchAsync(int chunk, int partition, int chunks, CancellationToken cancellationToken)
    {
        int columns = chunks * _layout.Block;
        for (int row = 0; row < _layout.Width(chunk);)
        {
            var (owner, local) = _run.Reach(partition);
            int first = (chunk * _layout.Block) + row;
            int most = _layout.Width(chunk) - row;
            var block = await Wait(EaseCalls.FetchAsync(
                async ct => (PanelBlock?)await owner.GetColumnsAsync(
                    _run.Plan.Training, _run.Attempt, EaseStage.Swept, first, most, columns, ct).ConfigureAwait(false),
                $"fetching columns of partition {partition}",
                cancellationToken)).ConfigureAwait(false);
            if (block.First != first || block.Rows < 1 || block.Rows > most || block.Columns != columns)
            {
                throw new RecsysException(
                    $"EASE: asked for {most} x {columns} from {first} of partition {partition}, got {block.Rows} x {block.Columns} from {block.First}");
            }

            _exchangeBytes.Add(local ? 0 : block.Bytes);
            _columns.Place(block, partition, chunks, _layout.LocalColumn(chunk) + row);
            row += block.Rows;
            block.Release();
        }
    }

    private async Task Compute(int items, Action<int, int> body, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        await _host.Queue.RunAsync(items, body, cancellationToken).ConfigureAwait(false);
        Interlocked.Add(ref _workTicks, Stopwatch.GetTimestamp() - start);
    }

    private async Task<T> Wait<T>(Task<T> task)
    {
        long start = Stopwatch.GetTimestamp();
        T result = await task.ConfigureAwait(false);
        Interlocked.Add(ref _waitTicks, Stopwatch.GetTimestamp() - start);
        return result;
    }
}
