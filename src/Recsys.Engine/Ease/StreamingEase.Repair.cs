using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Ease;

public sealed partial class StreamingEase
{
    private int _repairing;

    /// <summary>
    /// How far P is from the inverse of G: ‖G(Pz) − z‖ / ‖z‖ for a seeded random z of signs, with G applied from the
    /// histories. One pass over P and one over the histories; steps wait meanwhile, readers do not.
    /// </summary>
    public double MeasureDrift()
    {
        lock (_writer)
        {
            var rows = AppliedRows();
            int n = _inverse.Items;
            var random = new SplitMix64(Options.Seed);
            var z = new double[n];
            for (int i = 0; i < n; i++)
            {
                z[i] = (random.Next() & 1) == 0 ? -1 : 1;
            }

            double[] v = _inverse.Multiply(z);
            var y = Array.ConvertAll(v, x => x * Options.Regularization);
            foreach (var row in rows)
            {
                double score = 0;
                for (int e = 0; e < row.Items.Length; e++)
                {
                    score += row.Weights[e] * v[row.Items[e]];
                }

                for (int e = 0; e < row.Items.Length; e++)
                {
                    y[row.Items[e]] += row.Weights[e] * score;
                }
            }

            double sum = 0;
            for (int i = 0; i < n; i++)
            {
                sum += (y[i] - z[i]) * (y[i] - z[i]);
            }

            return n == 0 ? 0 : Math.Sqrt(sum / n);
        }
    }

    /// <summary>Repairs in the background if the drift is above <see cref="StreamingEaseOptions.MaxDrift"/>; true if it did.</summary>
    public async Task<bool> RepairIfDriftedAsync(CancellationToken cancellationToken = default)
    {
        if (!(MeasureDrift() > Options.MaxDrift))
        {
            return false;
        }

        await RepairAsync(cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>
    /// Computes P anew on threads of its own while steps and readers go on, brings the new P up to date with what
    /// changed meanwhile, and swaps it in. Afterwards nothing is pending that was queued before it ended.
    /// </summary>
    /// <exception cref="RecsysException">A repair is running already, or a second P does not fit in memory.</exception>
    public async Task RepairAsync(CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref _repairing, 1) != 0)
        {
            throw new RecsysException("streaming EASE: a repair is running already");
        }

        try
        {
            await Task.Run(() => Repair(cancellationToken), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref _repairing, 0);
        }
    }

    /// <summary>A model of P as it stands, after a <see cref="Flush"/>.</summary>
    /// <param name="users">Ids of the users, at least as many as there are.</param>
    /// <param name="items">Ids of the items, likewise.</param>
    public EaseModel ToModel(IdTable users, IdTable items)
    {
        ArgumentNullException.ThrowIfNull(users);
        ArgumentNullException.ThrowIfNull(items);
        lock (_writer)
        {
            var rows = AppliedRows();
            if (users.Count < rows.Length || items.Count < Items)
            {
                throw new RecsysException(
                    $"streaming EASE: {users.Count} user ids for {rows.Length} users, {items.Count} item ids for {Items} items");
            }

            int n = items.Count;
            var weights = new DenseMatrix(n, n);
            var diagonal = new float[n];
            for (int j = 0; j < n; j++)
            {
                diagonal[j] = _inverse[j, j];
            }

            var scale = Array.ConvertAll(diagonal, d => -1 / d);
            for (int i = 0; i < _inverse.Items; i++)
            {
                var row = weights.Row(i);
                _inverse.Row(i).CopyTo(row);
                VectorMath.Multiply(row, scale);
                row[i] = 0;
            }

            var data = new Dataset(users, items, StreamingTraining.ToMatrix(rows, users.Count, n)) { Name = "stream" };
            var options = new EaseOptions { Regularization = Options.Regularization, Threads = Options.Threads };
            return new EaseModel(data, options, EaseWeights.FromDense(weights, diagonal), 0);
        }
    }

    /// <summary>Users × items as they are queued, the present histories.</summary>
    public SparseMatrix ToHistories(int users, int items)
    {
        lock (_queue)
        {
            return StreamingTraining.ToMatrix(_rows.ToArray(), users, items);
        }
    }

    /// <summary>A copy of P and the rows it was made of; what is queued is not in it.</summary>
    internal (DenseMatrix P, SparseMatrix Histories) Snapshot()
    {
        lock (_writer)
        {
            var rows = AppliedRows();
            var p = new DenseMatrix(_inverse.Items, _inverse.Items);
            for (int i = 0; i < _inverse.Items; i++)
            {
                _inverse.Row(i).CopyTo(p.Row(i));
            }

            return (p, StreamingTraining.ToMatrix(rows, rows.Length, _inverse.Items));
        }
    }

    /// <summary>Goes on from a <see cref="Snapshot"/>, which it then owns.</summary>
    internal static StreamingEase Restore(DenseMatrix p, SparseMatrix histories, StreamingEaseOptions options)
    {
        options.Validate();
        return new StreamingEase(options, new StreamingInverse(p, options.Regularization), histories);
    }

    /// <summary>Adds noise to P, for tests of the repair.</summary>
    internal void Disturb(float relative)
    {
        lock (_writer)
        {
            DropSecond();
            var random = new SplitMix64(1);
            var p = _inverse.View;
            unsafe
            {
                for (int i = 0; i < p.Rows; i++)
                {
                    for (int j = 0; j <= i; j++)
                    {
                        float value = p.Pointer[(i * p.RowStride) + j] * (1 + (relative * (float)random.NextGaussian()));
                        p.Pointer[(i * p.RowStride) + j] = value;
                        p.Pointer[(j * p.RowStride) + i] = value;
                    }
                }
            }
        }
    }

    // Under _writer: the rows that P holds.
    private StreamingRow[] AppliedRows()
    {
        lock (_queue)
        {
            var rows = _rows.ToArray();
            foreach (var (user, row) in _pending)
            {
                rows[user] = row;
            }

            return rows;
        }
    }

    private void Repair(CancellationToken cancellationToken)
    {
        StreamingRow[] rows;
        int items;
        lock (_queue)
        {
            rows = _rows.ToArray();
            items = _items;
        }

        MemoryBudget.Require(
            EaseTrainer.EstimateBytes(items, new EaseOptions()), $"repairing streaming EASE on {items} items", "free some memory");
        StreamingInverse fresh;
        using (var pool = new ComputePool(Options.RepairThreads))
        {
            fresh = Compute(rows, items, pool, cancellationToken);
        }

        lock (_writer)
        {
            try
            {
                CatchUp(fresh, rows, cancellationToken);
            }
            catch
            {
                fresh.Dispose();
                throw;
            }

            Swap(fresh);
        }
    }

    // Under _writer: everything that was queued and everything applied since, onto the new P.
    private void CatchUp(StreamingInverse fresh, StreamingRow[] from, CancellationToken cancellationToken)
    {
        (StreamingRow Before, StreamingRow After)[] changes;
        int items;
        Dictionary<int, StreamingRow> taken;
        lock (_queue)
        {
            changes =
            [
                .. Enumerable.Range(0, _rows.Count)
                    .Select(u => (Before: u < from.Length ? from[u] : StreamingRow.Empty, After: _rows[u]))
                    .Where(c => !ReferenceEquals(c.Before, c.After) && c.Before.ChangeTo(c.After).Items.Length > 0),
            ];
            items = _items;
            taken = _pending;
            _pending = [];
        }

        try
        {
            fresh.Grow(items, fresh.PrepareGrowth(items));
            for (int done = 0; done < changes.Length; done += Options.UsersPerStep)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (!Step(fresh, changes.AsSpan(done, Math.Min(Options.UsersPerStep, changes.Length - done))))
                {
                    throw new RecsysException("streaming EASE: the inverse is too inexact to be updated; raise λ");
                }
            }
        }
        catch
        {
            PutBack(taken, [.. taken.Keys]);
            throw;
        }
    }

    // Under _writer: P anew from all rows, those just taken from the queue included.
    private void Rebuild(CancellationToken cancellationToken)
    {
        StreamingRow[] rows;
        int items;
        lock (_queue)
        {
            rows = _rows.ToArray();
            items = _items;
        }

        Swap(Compute(rows, items, _pool, cancellationToken));
        lock (_queue)
        {
            // What changed after the queue was taken stays pending, from the rows that the new P holds.
            foreach (int user in _pending.Keys.ToArray())
            {
                _pending[user] = user < rows.Length ? rows[user] : StreamingRow.Empty;
            }
        }
    }

    private StreamingInverse Compute(StreamingRow[] rows, int items, ComputePool pool, CancellationToken cancellationToken)
    {
        var histories = StreamingTraining.ToMatrix(rows, rows.Length, items);
        return new StreamingInverse(
            StreamingTraining.Invert(histories, Options.Regularization, pool, null, cancellationToken), Options.Regularization);
    }

    private void Swap(StreamingInverse fresh)
    {
        DropSecond();
        var old = _inverse;
        _view.EnterWriteLock();
        _inverse = fresh;
        _view.ExitWriteLock();
        old.Dispose();
        Interlocked.Increment(ref _repairs);
    }
}
