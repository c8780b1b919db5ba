using Recsys.Engine.Numerics;

namespace Recsys.Engine.Ease.Distributed;

/// <summary>
/// The panels of one host: each pivot block and panel is fetched once, packed once, and used by all its partitions. A step
/// is forgotten when all of them are through with it.
/// </summary>
internal sealed class EasePanels(EaseHost host) : IDisposable
{
    private const int Spare = 1;
    private readonly Lock _gate = new();
    private readonly Dictionary<int, Entry> _entries = [];
    private readonly Stack<PackedStep> _spare = new();
    private CancellationTokenSource _stop = new();
    private EasePlan? _plan;
    private int _attempt;

    /// <summary>A partition of this host begins an attempt: the panels of an earlier one are dropped.</summary>
    public void Begin(EaseRun run)
    {
        lock (_gate)
        {
            if (_plan == run.Plan && _attempt >= run.Attempt)
            {
                return;
            }

            // Fetches of the earlier attempt may still write to their steps: those are left to the garbage collector.
            _stop.Cancel();
            _stop = new CancellationTokenSource();
            _entries.Clear();
            if (_plan != run.Plan)
            {
                _spare.Clear();
            }

            _plan = run.Plan;
            _attempt = run.Attempt;
        }
    }

    /// <summary>The step of a pivot with L⁻¹ of its block, when the owner has it.</summary>
    public Task<PackedStep> PivotAsync(EaseRun run, int pivot, ByteCounter fetched) =>
        GetAsync(run, pivot, entry => entry.Pivot, (entry, stop) => entry.Pivot = Task.Run(
            () => FetchPivotAsync(run, pivot, entry.Step, fetched, stop), stop));

    /// <summary>The step of a pivot with its panel, when all have made their parts of it.</summary>
    public Task<PackedStep> PanelAsync(EaseRun run, int pivot, ByteCounter fetched) =>
        GetAsync(run, pivot, entry => entry.Panel, (entry, stop) => entry.Panel = Task.Run(
            () => FetchPanelAsync(run, pivot, entry.Step, fetched, stop), stop));

    /// <summary>A partition is through with a step.</summary>
    public void Done(EaseRun run, int pivot)
    {
        lock (_gate)
        {
            if (_plan != run.Plan || _attempt != run.Attempt || !_entries.TryGetValue(pivot, out var entry))
            {
                return;
            }

            if (++entry.Done >= host.LocalOwners(run.Layout))
            {
                _entries.Remove(pivot);
                if (_spare.Count < Spare)
                {
                    entry.Step.Clear();
                    _spare.Push(entry.Step);
                }
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _stop.Cancel();
            _entries.Clear();
            _spare.Clear();
        }
    }

    private async Task<PackedStep> GetAsync(
        EaseRun run, int pivot, Func<Entry, Task<PackedStep>?> current, Action<Entry, CancellationToken> start)
    {
        Task<PackedStep> task;
        lock (_gate)
        {
            if (_plan != run.Plan || _attempt != run.Attempt)
            {
                throw new OperationCanceledException("a later attempt has begun on this host");
            }

            if (!_entries.TryGetValue(pivot, out var entry))
            {
                var step = _spare.TryPop(out var spare) ? spare : new PackedStep(run.Layout.Chunks, host.Kernel(run.Plan));
                entry = new Entry(step);
                _entries.Add(pivot, entry);

                // Nobody can want what its owners do not keep any more (see EasePart.Retire).
                foreach (int old in _entries.Keys.Where(p => p < pivot - run.Layout.Partitions - 2).ToArray())
                {
                    _entries.Remove(old);
                }
            }

            if (current(entry) is not { IsFaulted: false, IsCanceled: false })
            {
                start(entry, _stop.Token);
            }

            task = current(entry)!;
        }

        return await task.WaitAsync(run.Stopped).ConfigureAwait(false);
    }

    private async Task<PackedStep> FetchPivotAsync(EaseRun run, int pivot, PackedStep step, ByteCounter fetched, CancellationToken stop)
    {
        var (owner, local) = run.Reach(run.Layout.OwnerOf(pivot));
        var block = await EaseCalls.FetchAsync(
            ct => owner.GetPivotAsync(run.Plan.Training, run.Attempt, pivot, EaseCalls.WaitMilliseconds, ct),
            $"fetching pivot block {pivot}",
            stop).ConfigureAwait(false);
        Check(block, 0, 1, run.Plan.Block, "pivot", pivot);
        if (!local)
        {
            fetched.Add(block.Bytes);
        }

        Pack(run, block, run.Layout.Width(pivot), step);
        block.Release();
        return step;
    }

    private unsafe void Pack(EaseRun run, PanelBlock pivot, int k, PackedStep step)
    {
        var kernel = host.Kernel(run.Plan);
        for (int row = 0; row < k; row++)
        {
            pivot.Row(row).CopyTo(new Span<float>(step.Inverse + (row * (nint)kernel.Block), kernel.Block));
        }

        kernel.PackPivot(step.Inverse, k, step.Forward, step.Backward);
    }

    private async Task<PackedStep> FetchPanelAsync(EaseRun run, int pivot, PackedStep step, ByteCounter fetched, CancellationToken stop)
    {
        var pieces = new (PanelBlock Block, int Row)[run.Layout.Chunks];
        var owners = new Task[run.Layout.Partitions];
        for (int p = 0; p < owners.Length; p++)
        {
            owners[p] = FetchFromAsync(run, p, pivot, pieces, fetched, stop);
        }

        await Task.WhenAll(owners).ConfigureAwait(false);
        await PackAsync(run, pivot, pieces, step, stop).ConfigureAwait(false);
        foreach (var (block, row) in pieces)
        {
            // Each block once: at the first of its pieces.
            if (block is not null && row == 0)
            {
                block.Release();
            }
        }

        return step;
    }

    private static async Task FetchFromAsync(
        EaseRun run, int partition, int pivot, (PanelBlock Block, int Row)[] pieces, ByteCounter fetched, CancellationToken stop)
    {
        int[] chunks = run.Layout.PanelOf(partition, pivot);
        int block = run.Plan.Block;
        for (int at = 0; at < chunks.Length;)
        {
            var (owner, local) = run.Reach(partition);
            int first = at;
            var piece = await EaseCalls.FetchAsync(
                ct => owner.GetPanelAsync(
                    run.Plan.Training, run.Attempt, pivot, first, chunks.Length - first, EaseCalls.WaitMilliseconds, ct),
                $"fetching the panel of pivot block {pivot} from partition {partition}",
                stop).ConfigureAwait(false);
            int count = piece.Rows / block;
            Check(piece, first, count, block, "panel", pivot);
            if (count == 0 || count > chunks.Length - first)
            {
                throw new RecsysException($"EASE: asked for {chunks.Length - first} blocks of panel {pivot}, got {count}");
            }

            for (int i = 0; i < count; i++)
            {
                pieces[chunks[at++]] = (piece, i * block);
            }

            if (!local)
            {
                fetched.Add(piece.Bytes);
            }
        }
    }

    private unsafe Task PackAsync(EaseRun run, int pivot, (PanelBlock Block, int Row)[] pieces, PackedStep step, CancellationToken stop)
    {
        var kernel = host.Kernel(run.Plan);
        int k = run.Layout.Width(pivot);
        int[] chunks = [.. Enumerable.Range(0, pieces.Length).Where(chunk => chunk != pivot && !step.IsPacked(chunk))];
        return chunks.Length == 0 ? Task.CompletedTask : host.Queue.RunAsync(
            chunks.Length,
            (_, item) =>
            {
                int chunk = chunks[item];
                var (block, row) = pieces[chunk];
                float* y = block.Pointer + (row * (nint)block.Stride);
                kernel.PackPanel(y, run.Layout.Width(chunk), k, step.Left(chunk), step.Right(chunk));
                step.SetPacked(chunk);
            },
            stop);
    }

    private static void Check(PanelBlock block, int first, int count, int size, string what, int pivot)
    {
        if (block.First != first || block.Rows != count * size || block.Columns != size)
        {
            throw new RecsysException(
                $"EASE: {what} {pivot}: expected {count} blocks of {size} from {first}, got {block.Rows} x {block.Columns} from {block.First}");
        }
    }

    private sealed class Entry(PackedStep step)
    {
        public PackedStep Step { get; } = step;

        public Task<PackedStep>? Pivot { get; set; }

        public Task<PackedStep>? Panel { get; set; }

        public int Done { get; set; }
    }
}
