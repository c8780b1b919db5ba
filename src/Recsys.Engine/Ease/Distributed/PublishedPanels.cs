using Recsys.Engine.Numerics;

namespace Recsys.Engine.Ease.Distributed;

/// <summary>
/// What a partition hands out of the steps it is through with or in: L⁻¹ of the pivot blocks it owns, and its blocks of the
/// panels. Readers wait here for what is still being made.
/// </summary>
internal sealed class PublishedPanels
{
    private const int Spare = 4;
    private readonly Lock _gate = new();
    private readonly Dictionary<int, DenseMatrix> _pivots = [];
    private readonly Dictionary<int, (DenseMatrix Panel, int Chunks)> _panels = [];
    private readonly List<DenseMatrix> _spare = [];
    private TaskCompletionSource _changed = NewSignal();
    private int _retired;

    /// <summary>
    /// Memory for so many squares. What it held before may still be read by those who gave up waiting for an answer: theirs
    /// is an answer nobody uses.
    /// </summary>
    public DenseMatrix Take(int squares, int block)
    {
        lock (_gate)
        {
            int at = _spare.FindIndex(m => m.Rows == squares * block);
            if (at >= 0)
            {
                var found = _spare[at];
                _spare.RemoveAt(at);
                return found;
            }
        }

        return new DenseMatrix(squares * block, block);
    }

    public bool HasPivot(int pivot)
    {
        lock (_gate)
        {
            return _pivots.ContainsKey(pivot);
        }
    }

    public void PublishPivot(int pivot, DenseMatrix inverse)
    {
        lock (_gate)
        {
            _pivots[pivot] = inverse;
            Signal();
        }
    }

    public void PublishPanel(int pivot, DenseMatrix panel, int chunks)
    {
        lock (_gate)
        {
            _panels[pivot] = (panel, chunks);
            Signal();
        }
    }

    /// <summary>
    /// Drops what nobody can need when this partition begins step <paramref name="pivot"/>. It has used the panel of the step
    /// before, to which every partition contributes that owns a block before it: all do once there are as many steps as
    /// partitions. So all are through with the step before that one; only until then some may be further behind.
    /// </summary>
    public void Retire(int pivot, int partitions)
    {
        if (pivot < partitions)
        {
            return;
        }

        lock (_gate)
        {
            _retired = Math.Max(_retired, pivot - 1);
            foreach (int old in _pivots.Keys.Where(p => p < _retired).ToArray())
            {
                Recycle(_pivots[old]);
                _pivots.Remove(old);
            }

            foreach (int old in _panels.Keys.Where(p => p < _retired).ToArray())
            {
                Recycle(_panels[old].Panel);
                _panels.Remove(old);
            }
        }
    }

    /// <summary>L⁻¹ of a pivot block, or null when it is not to be had within that time.</summary>
    public async ValueTask<PanelBlock?> PivotAsync(int pivot, int waitMilliseconds, CancellationToken cancellationToken) =>
        await GetAsync(
            pivot,
            () => _pivots.TryGetValue(pivot, out var inverse) ? new PanelBlock(0, inverse.Columns, inverse.Columns, inverse, 0) : null,
            waitMilliseconds,
            cancellationToken).ConfigureAwait(false);

    /// <summary>Blocks of the panel of a pivot, or null when they are not to be had within that time.</summary>
    public async ValueTask<PanelBlock?> PanelAsync(int pivot, int first, int count, int waitMilliseconds, CancellationToken cancellationToken) =>
        await GetAsync(pivot, () => View(pivot, first, count), waitMilliseconds, cancellationToken).ConfigureAwait(false);

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private PanelBlock? View(int pivot, int first, int count)
    {
        if (!_panels.TryGetValue(pivot, out var entry))
        {
            return null;
        }

        if (first < 0 || count < 1 || first + count > entry.Chunks)
        {
            throw new RecsysException($"EASE: panel {pivot} has {entry.Chunks} blocks here, asked for {count} from {first}");
        }

        int block = entry.Panel.Columns;
        int most = Math.Max(1, PanelBlock.RowsFor(block) / block);
        return new PanelBlock(first, Math.Min(count, most) * block, block, entry.Panel, first * block);
    }

    private async Task<PanelBlock?> GetAsync(int pivot, Func<PanelBlock?> find, int waitMilliseconds, CancellationToken cancellationToken)
    {
        long end = Environment.TickCount64 + waitMilliseconds;
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (pivot < _retired)
                {
                    throw new RecsysException($"EASE: the panel of pivot block {pivot} is not kept any more");
                }

                if (find() is { } block)
                {
                    return block;
                }

                changed = _changed.Task;
            }

            int rest = (int)(end - Environment.TickCount64);
            if (rest <= 0)
            {
                return null;
            }

            try
            {
                await changed.WaitAsync(TimeSpan.FromMilliseconds(rest), cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                return null;
            }
        }
    }

    private void Recycle(DenseMatrix matrix)
    {
        if (_spare.Count < Spare)
        {
            _spare.Add(matrix);
        }
    }

    private void Signal()
    {
        _changed.SetResult();
        _changed = NewSignal();
    }
}
