namespace Recsys.Engine.Ease;

/// <summary>The queue and the steps.</summary>
public sealed partial class StreamingEase
{
    private static int CheckedItem(int item) =>
        item >= 0 ? item : throw new RecsysException($"streaming EASE: item {item}: indices are not negative");

    // Under _queue.
    private StreamingRow Current(int user)
    {
        if (user < 0)
        {
            throw new RecsysException($"streaming EASE: user {user}: indices are not negative");
        }

        return user < _rows.Count ? _rows[user] : StreamingRow.Empty;
    }

    // Under _queue.
    private void Change(int user, StreamingRow row)
    {
        var before = Current(user);
        foreach (float weight in row.Weights)
        {
            if (!float.IsFinite(weight))
            {
                throw new RecsysException($"streaming EASE: user {user} has a weight of {weight}");
            }
        }

        while (_rows.Count <= user)
        {
            _rows.Add(StreamingRow.Empty);
        }

        _rows[user] = row;
        _pending.TryAdd(user, before);
        if (row.Items.Length > 0)
        {
            _items = Math.Max(_items, row.Items[^1] + 1);
        }
    }

    private (Dictionary<int, StreamingRow> Taken, int[] Users, (StreamingRow Before, StreamingRow After)[] Changes, int Items) Take()
    {
        lock (_queue)
        {
            var taken = _pending;
            _pending = [];
            int[] users = [.. taken.Where(e => e.Value.ChangeTo(_rows[e.Key]).Items.Length > 0).Select(e => e.Key).Order()];
            return (taken, users, Array.ConvertAll(users, u => (taken[u], _rows[u])), _items);
        }
    }

    // What was taken and not applied is pending again, from what P holds of it.
    private void PutBack(Dictionary<int, StreamingRow> taken, ReadOnlySpan<int> users)
    {
        lock (_queue)
        {
            foreach (int user in users)
            {
                _pending[user] = taken[user];
            }
        }
    }

    // Under _writer.
    private void GrowTo(int items)
    {
        if (items <= _inverse.Items)
        {
            return;
        }

        var larger = _inverse.PrepareGrowth(items);
        if (larger is not null)
        {
            DropSecond();
        }

        _second?.Grow(items, null);
        _view.EnterWriteLock();
        try
        {
            _inverse.Grow(items, larger);
        }
        finally
        {
            _view.ExitWriteLock();
        }
    }

    // Under _writer. False where P turned out to be no inverse any more.
    private bool Step(StreamingInverse inverse, ReadOnlySpan<(StreamingRow Before, StreamingRow After)> changes)
    {
        using var step = inverse.Prepare(changes, _pool);
        if (step is null)
        {
            return false;
        }

        Interlocked.Increment(ref _steps);
        if (!ReferenceEquals(inverse, _inverse))
        {
            inverse.Apply(step, _pool); // a repair's: nobody reads it yet
            return inverse.IsSound();
        }

        if (inverse.Bytes <= Options.SecondCopyBytes)
        {
            StepBeside(step);
        }
        else
        {
            StepInPlace(step);
        }

        return _inverse.IsSound();
    }

    private void StepInPlace(StreamingStep step)
    {
        _view.EnterWriteLock();
        try
        {
            _inverse.Apply(step, _pool);
        }
        finally
        {
            _view.ExitWriteLock();
        }
    }

    private void StepBeside(StreamingStep step)
    {
        var first = _inverse;
        var second = _second ?? first.Copy(_pool);
        Volatile.Write(ref _second, null); // until it is equal again, should writing it fail
        second.Apply(step, _pool);
        _view.EnterWriteLock();
        _inverse = second;
        _view.ExitWriteLock();

        // Whoever read it has left: the lock was empty.
        first.CopyFrom(second, _pool);
        Volatile.Write(ref _second, first);
    }

    // Under _writer.
    private void DropSecond()
    {
        _second?.Dispose();
        Volatile.Write(ref _second, null);
    }
}
