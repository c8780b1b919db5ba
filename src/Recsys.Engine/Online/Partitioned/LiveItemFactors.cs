using Recsys.Engine.Data;
using Recsys.Engine.Logistic;
using Recsys.Engine.Models;

namespace Recsys.Engine.Online.Partitioned;

/// <summary>
/// The factors of all items under live logistic MF, for answering: a copy that follows the item partitions, of which only what
/// changed is read. Safe for any number of concurrent readers, and one that refreshes.
/// </summary>
public sealed class LiveItemFactors : IDisposable
{
    private const int MostMessageBytes = 1 << 20;

    private readonly ReaderWriterLockSlim _lock = new();
    private readonly SemaphoreSlim _refreshing = new(1);
    private readonly IdTable _ids = new();
    private readonly OnlineLmf _lmf;
    private readonly ItemFactorReader[] _readers;
    private readonly EventPartitionOptions _options;
    private readonly int _rows;
    private long _changes;
    private long _refused;

    /// <summary>Knows of no item yet.</summary>
    /// <param name="options">The options of the event partitions; they have logistic MF.</param>
    /// <param name="items">The item partitions.</param>
    public LiveItemFactors(EventPartitionOptions options, IReadOnlyList<IItemFactorSide> items)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(items);
        _options = options;
        _lmf = OnlineLmf.Sharing(options.Lmf ?? throw new InvalidOptionException("there is no live lmf"), new IdTable(), _ids);
        _rows = Math.Max(16, MostMessageBytes / sizeof(float) / _lmf.ShareLength);
        _readers = [.. items.Select(i => new ItemFactorReader(i, reader: -1))];
    }

    /// <summary>Items known.</summary>
    public int Items
    {
        get
        {
            _lock.EnterReadLock();
            try
            {
                return _ids.Count;
            }
            finally
            {
                _lock.ExitReadLock();
            }
        }
    }

    /// <summary>Whether an item partition began anew and event partitions have not told it everything yet.</summary>
    public bool Waits => Array.Exists(_readers, r => r.Waits);

    /// <summary>Rows of items read so far; each counts whenever it changed.</summary>
    public long Changes => Interlocked.Read(ref _changes);

    /// <summary>Bytes that the items take here.</summary>
    public long Bytes => Items * ItemShares.BytesOf(_options.Lmf!.Factors);

    // For use inside Read.
    internal IdTable Ids => _ids;

    /// <summary>Reads what changed; false where an item partition could not be asked: what is known stays, and the next call asks again.</summary>
    public async Task<bool> RefreshAsync(CancellationToken cancellationToken = default)
    {
        await _refreshing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return (await Task.WhenAll(_readers.Select(r => FollowAsync(r, cancellationToken))).ConfigureAwait(false)).All(done => done);
        }
        finally
        {
            _refreshing.Release();
        }
    }

    /// <summary>Reads while nothing changes.</summary>
    /// <exception cref="RecsysException">There are more items than there is room for.</exception>
    internal T Read<T>(Func<LiveItemFactors, T> reading)
    {
        if (Interlocked.Read(ref _refused) is > 0 and var refused)
        {
            throw new RecsysException(
                $"model 'lmf': {refused:N0} of the items have no room in the {_options.LmfBytes >> 20:N0} MB for its items on every silo ({ItemShares.BytesOf(_options.Lmf!.Factors)} bytes an item): allow more, or learn fewer factors");
        }

        _lock.EnterReadLock();
        try
        {
            return reading(this);
        }
        finally
        {
            _lock.ExitReadLock();
        }
    }

    /// <summary>Scores all items for a user's factors. Inside <see cref="Read"/>.</summary>
    internal void Score(ReadOnlySpan<float> user, Span<float> scores) => _lmf.ScoreUnlocked(user, scores);

    /// <summary>Scores all items for a history, which is folded in. Inside <see cref="Read"/>.</summary>
    internal void Score(ReadOnlySpan<int> items, ReadOnlySpan<float> weights, Span<float> scores) => _lmf.Score(items, weights, scores);

    /// <summary>How like all items are to one. Inside <see cref="Read"/>.</summary>
    internal void Similar(int item, Span<float> scores) => _lmf.SimilarUnlocked(item, scores);

    /// <inheritdoc/>
    public void Dispose()
    {
        _refreshing.Wait();
        _lmf.Dispose();
        _lock.Dispose();
    }

    private async Task<bool> FollowAsync(ItemFactorReader reader, CancellationToken cancellationToken)
    {
        try
        {
            while (await reader.ReadAsync(_rows, Take, cancellationToken).ConfigureAwait(false))
            {
            }

            return true;
        }
        catch (Exception e) when (e is not (InvalidOptionException or OperationCanceledException) || !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private void Take(ItemFactorRows sums)
    {
        if (sums.Items.Count > 0 && sums.Length != _lmf.ShareLength)
        {
            throw new RecsysException($"item factors: {sums.Length} numbers an item came, {_lmf.ShareLength} are served here: all silos need the same options of the live model");
        }

        _lock.EnterWriteLock();
        try
        {
            for (int e = 0; e < sums.Items.Count; e++)
            {
                if (!_ids.TryGetIndex(sums.Items[e], out int item))
                {
                    if (_ids.Count >= _options.MostLmfItems)
                    {
                        Interlocked.Increment(ref _refused);
                        continue;
                    }

                    item = _ids.GetOrAdd(sums.Items[e]);
                }

                _lmf.Hear(item, sums.Row(e));
            }
        }
        finally
        {
            _lock.ExitWriteLock();
        }

        Interlocked.Add(ref _changes, sums.Items.Count);
    }
}
