using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Serving;

namespace Recsys.Engine.Ease;

/// <summary>
/// EASE that stays exact while histories change: P = (XᵀX + λI)⁻¹ is kept, changes of users' rows are queued, one entry
/// a user however often the row changes, and <see cref="Flush"/> applies them as steps of rank 2r (Woodbury), O(n²·r).
/// Erasing a user is the same step: what is left equals a model that never saw the user. New items border P. Memory is
/// one n × n float32 matrix, two up to <see cref="StreamingEaseOptions.SecondCopyBytes"/>, and one more while a repair runs.
/// </summary>
/// <remarks>
/// Safe for concurrent use. Queueing never waits for a step. Readers see P wholly before or wholly after a step. With a
/// second copy the step is written there and the two change places: readers wait for nothing. Without, a step takes
/// the lock that readers share while it writes P (not while it computes what to write), and they wait that long.
/// </remarks>
public sealed partial class StreamingEase : IDisposable
{
    private readonly Lock _queue = new();
    private readonly Lock _writer = new();
    private readonly ReaderWriterLockSlim _view = new();
    private readonly ComputePool _pool;
    private readonly List<StreamingRow> _rows = [];

    // What P still holds of the users whose rows have changed since.
    private Dictionary<int, StreamingRow> _pending = [];
    private StreamingInverse _inverse;

    // Equal to _inverse between two steps; null where there is none (yet).
    private StreamingInverse? _second;
    private int _items;
    private long _steps;
    private long _applied;
    private long _repairs;

    private StreamingEase(StreamingEaseOptions options, StreamingInverse inverse, SparseMatrix histories)
    {
        Options = options;
        _inverse = inverse;
        _items = inverse.Items;
        _pool = new ComputePool(options.Threads);
        for (int u = 0; u < histories.Rows; u++)
        {
            _rows.Add(StreamingRow.Of(histories, u));
        }
    }

    /// <summary>What it works with.</summary>
    public StreamingEaseOptions Options { get; }

    /// <summary>Users so far, those with empty rows included.</summary>
    public int Users
    {
        get
        {
            lock (_queue)
            {
                return _rows.Count;
            }
        }
    }

    /// <summary>Items so far, those that still wait in the queue included.</summary>
    public int Items => Volatile.Read(ref _items);

    /// <summary>Users whose changes wait to be applied.</summary>
    public int Pending
    {
        get
        {
            lock (_queue)
            {
                return _pending.Count;
            }
        }
    }

    /// <summary>Steps taken so far.</summary>
    public long Steps => Interlocked.Read(ref _steps);

    /// <summary>Changed rows applied so far.</summary>
    public long Applied => Interlocked.Read(ref _applied);

    /// <summary>How often P was computed anew.</summary>
    public long Repairs => Interlocked.Read(ref _repairs);

    /// <summary>Bytes that P and its second copy take now.</summary>
    public long Bytes => _inverse.Bytes + (Volatile.Read(ref _second)?.Bytes ?? 0);

    /// <summary>
    /// Bytes for <paramref name="items"/> items and histories of <paramref name="interactions"/> in all: P with the room
    /// it may leave for new items, its second copy where options keep one, another P and its panels while it is repaired, and
    /// the histories.
    /// </summary>
    public static long EstimateBytes(int items, long interactions, StreamingEaseOptions? options = null)
    {
        long side = items + (items / 8) + 64L;
        long room = side * side * sizeof(float);
        long second = room <= (options ?? new StreamingEaseOptions()).SecondCopyBytes ? room : 0;
        return room + second + EaseTrainer.EstimateBytes(items, new EaseOptions()) + (interactions * 8);
    }

    /// <summary>Starts from histories: one inverse.</summary>
    /// <exception cref="RecsysException">It does not fit in memory, or a weight is not finite.</exception>
    public static StreamingEase Train(
        Dataset data, StreamingEaseOptions? options = null, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        return Train(data.Interactions, options, progress, cancellationToken);
    }

    /// <summary>Starts from users × items.</summary>
    /// <inheritdoc cref="Train(Dataset, StreamingEaseOptions?, IProgress{TrainingProgress}?, CancellationToken)"/>
    public static StreamingEase Train(
        SparseMatrix histories, StreamingEaseOptions? options = null, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(histories);
        options ??= new StreamingEaseOptions();
        options.Validate();
        MemoryBudget.Require(
            EstimateBytes(histories.Columns, 0, options),
            $"streaming EASE on {histories.Columns} items",
            "use fewer items, or a machine with more memory");
        using var pool = new ComputePool(options.Threads);
        var p = StreamingTraining.Invert(histories, options.Regularization, pool, progress, cancellationToken);
        return new StreamingEase(options, new StreamingInverse(p, options.Regularization), histories);
    }

    /// <summary>Refuses an EASE model whose Λ changes with the interactions: every event would change P in more than a user's row.</summary>
    /// <exception cref="RecsysException">Dropout, or an exponent of λ.</exception>
    internal static void RequirePlain(EaseOptions options)
    {
        if (options.Dropout != 0 || options.RegularizationExponent != 0)
        {
            throw new RecsysException(
                "streaming EASE has one λ for all items; this model was trained with dropout or a regularization exponent: train one without");
        }
    }

    /// <summary>Whether such a model can be kept exact: P follows from it, and λ is one for all items.</summary>
    internal static bool CanGoOnFrom(EaseModel model) =>
        model.DeterminesInverse && model.Options is { Dropout: 0, RegularizationExponent: 0 };

    /// <summary>
    /// Starts from a trained model without training again: P_ij = −B_ij P_jj. λ is the model's.
    /// </summary>
    /// <exception cref="RecsysException">The model is sparse or clipped and so does not determine P, or its Λ is not λI.</exception>
    public static StreamingEase From(EaseModel model, StreamingEaseOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        options = (options ?? new StreamingEaseOptions()) with { Regularization = model.Options.Regularization };
        options.Validate();
        if (!model.DeterminesInverse)
        {
            throw new RecsysException("streaming EASE goes on from a dense model with all its weights; this one is sparse or non-negative");
        }

        RequirePlain(model.Options);

        var p = StreamingTraining.FromWeights(model.Weights);
        return new StreamingEase(options, new StreamingInverse(p, options.Regularization), model.Histories);
    }

    /// <summary>Adds to the weight of a pair; a user or item may be new.</summary>
    public void Add(int user, int item, float weight = 1)
    {
        lock (_queue)
        {
            Change(user, Current(user).With(CheckedItem(item), Current(user).WeightOf(item) + weight));
        }
    }

    /// <summary>Takes an item out of a user's row.</summary>
    public void Remove(int user, int item) => Set(user, item, 0);

    /// <summary>Sets the weight of a pair; 0 takes it out.</summary>
    public void Set(int user, int item, float weight)
    {
        lock (_queue)
        {
            Change(user, Current(user).With(CheckedItem(item), weight));
        }
    }

    /// <summary>Replaces a user's row.</summary>
    /// <param name="user">Dense index; may be new.</param>
    /// <param name="items">Strictly ascending; may be new.</param>
    /// <param name="weights">Finite; empty where all are 1.</param>
    public void SetRow(int user, ReadOnlySpan<int> items, ReadOnlySpan<float> weights)
    {
        var row = StreamingRow.Of(items, weights);
        lock (_queue)
        {
            Change(user, row);
        }
    }

    /// <summary>Erases a user's row: after the next <see cref="Flush"/> P is that of the others alone.</summary>
    public void Erase(int user)
    {
        lock (_queue)
        {
            if (user < _rows.Count)
            {
                Change(user, StreamingRow.Empty);
            }
        }
    }

    /// <summary>Makes room for <paramref name="count"/> items in all; items without interactions score 0.</summary>
    public void AddItems(int count)
    {
        lock (_queue)
        {
            _items = Math.Max(_items, count);
        }
    }

    /// <summary>
    /// Applies what is queued. More changes than P has use for (a third of n users) are applied by computing P anew,
    /// which is then the cheaper way.
    /// </summary>
    /// <returns>How many users' rows were applied.</returns>
    public int Flush(CancellationToken cancellationToken = default)
    {
        lock (_writer)
        {
            (Dictionary<int, StreamingRow> taken, int[] users, (StreamingRow Before, StreamingRow After)[] changes, int items) = Take();
            int done = 0;
            try
            {
                if (changes.Length * 3L > items && changes.Length > Options.UsersPerStep)
                {
                    Rebuild(cancellationToken);
                    done = changes.Length;
                    return done;
                }

                GrowTo(items);
                while (done < changes.Length)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    int count = Math.Min(Options.UsersPerStep, changes.Length - done);
                    if (!Step(_inverse, changes.AsSpan(done, count)))
                    {
                        Rebuild(cancellationToken);
                        done = changes.Length;
                        break;
                    }

                    done += count;
                }

                return done;
            }
            finally
            {
                Interlocked.Add(ref _applied, done);
                PutBack(taken, users.AsSpan(done));
            }
        }
    }

    /// <summary>
    /// Scores the first <paramref name="scores"/>.Length items for a history, s_j = −(Σ_{i ≠ j} x_i P_ij) / P_jj: what
    /// <see cref="ItemWeightModel.Score"/> gives. Items that P does not hold yet score 0.
    /// </summary>
    /// <param name="items">The history, strictly ascending.</param>
    /// <param name="weights">Weight of each, or empty where all are 1.</param>
    /// <param name="scores">Receives the scores.</param>
    public void Score(ReadOnlySpan<int> items, ReadOnlySpan<float> weights, Span<float> scores)
    {
        _view.EnterReadLock();
        try
        {
            _inverse.Score(items, weights, scores);
        }
        finally
        {
            _view.ExitReadLock();
        }
    }

    /// <summary>The best eligible items of those P holds for a history, best first. Returns how many there are.</summary>
    public int Recommend(ReadOnlySpan<int> items, ReadOnlySpan<float> weights, ItemFilter filter, Span<ScoredItem> results)
    {
        _view.EnterReadLock();
        float[]? rented = null;
        try
        {
            rented = System.Buffers.ArrayPool<float>.Shared.Rent(_inverse.Items);
            var scores = rented.AsSpan(0, _inverse.Items);
            _inverse.Score(items, weights, scores);
            return TopN.Select(scores, items, filter, results);
        }
        finally
        {
            _view.ExitReadLock();
            if (rented is not null)
            {
                System.Buffers.ArrayPool<float>.Shared.Return(rented);
            }
        }
    }

    /// <summary>B_ij as P stands now: what item <paramref name="from"/> in a history adds to the score of <paramref name="to"/>.</summary>
    public float Weight(int from, int to)
    {
        _view.EnterReadLock();
        try
        {
            return from == to ? 0 : -_inverse[from, to] / _inverse[to, to];
        }
        finally
        {
            _view.ExitReadLock();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_writer)
        {
            _inverse.Dispose();
            _second?.Dispose();
            _view.Dispose();
            _pool.Dispose();
        }
    }
}
