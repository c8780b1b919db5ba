using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace Recsys.Engine.Storage;

/// <summary>
/// Journals in memory, as durable as this object: for tests and for trying things out. All that other journals promise
/// holds, taking a journal over included.
/// </summary>
public sealed class MemoryJournals : IEventJournals
{
    private const int ReadEvents = 4096;

    private readonly ConcurrentDictionary<string, Store> _stores = new(StringComparer.Ordinal);
    private readonly int _dedupEvents;

    /// <summary>None yet.</summary>
    /// <param name="dedupEvents">Of how many last events at least an id is recognised.</param>
    public MemoryJournals(int dedupEvents = 1_000_000) => _dedupEvents = dedupEvents;

    /// <inheritdoc/>
    public ValueTask<IEventJournal> OpenAsync(string name, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new(new Journal(name, _stores.GetOrAdd(name, _ => new Store(_dedupEvents))));
    }

    private sealed class Store(int dedupEvents)
    {
        public Lock Gate { get; } = new();

        public List<InteractionEvent> Events { get; } = [];

        public DedupWindow Window { get; } = new(dedupEvents);

        public long Start { get; set; }

        public Journal? Writer { get; set; }
    }

    private sealed class Journal : IEventJournal
    {
        private readonly string _name;
        private readonly Store _store;
        private readonly JournalEnd _end;

        public Journal(string name, Store store)
        {
            _name = name;
            _store = store;
            lock (store.Gate)
            {
                _end = new JournalEnd(store.Start + store.Events.Count);
                store.Writer?._end.Close();
                store.Writer = this;
            }
        }

        public long Start
        {
            get
            {
                lock (_store.Gate)
                {
                    return _store.Start;
                }
            }
        }

        public long End => _end.Position;

        public ValueTask<AppendResult> AppendAsync(ReadOnlyMemory<InteractionEvent> events, CancellationToken cancellationToken = default)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _ = EventBatch.Of(0, events.Span); // refuses what no journal takes
            AppendResult result;
            lock (_store.Gate)
            {
                if (_store.Writer != this)
                {
                    throw new JournalTakenException(_name);
                }

                long first = _store.Start + _store.Events.Count;
                foreach (var e in events.Span)
                {
                    if (_store.Window.Add(System.Text.Encoding.UTF8.GetBytes(e.Id)))
                    {
                        _store.Events.Add(e);
                    }
                }

                int accepted = (int)(_store.Start + _store.Events.Count - first);
                result = new AppendResult(first, accepted, events.Length - accepted);
            }

            _end.Advance(result.End);
            return new(result);
        }

        public async IAsyncEnumerable<EventBatch> ReadAsync(long from, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            long end = End;
            while (Next(from) is { } batch && from < end)
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return batch;
                from = batch.End;
            }

            await Task.CompletedTask.ConfigureAwait(false);
        }

        public async IAsyncEnumerable<EventBatch> FollowAsync(long from, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            while (await _end.WaitBeyondAsync(from, cancellationToken).ConfigureAwait(false))
            {
                var batch = Next(from)!;
                yield return batch;
                from = batch.End;
            }
        }

        public ValueTask DeleteBelowAsync(long position, CancellationToken cancellationToken = default)
        {
            lock (_store.Gate)
            {
                int count = (int)Math.Clamp(position - _store.Start, 0, _store.Events.Count);
                _store.Events.RemoveRange(0, count);
                _store.Start += count;
            }

            return default;
        }

        public ValueTask DisposeAsync()
        {
            lock (_store.Gate)
            {
                if (_store.Writer == this)
                {
                    _store.Writer = null;
                }
            }

            _end.Close();
            return default;
        }

        private EventBatch? Next(long from)
        {
            lock (_store.Gate)
            {
                long at = from - _store.Start;
                if (at < 0 || at > _store.Events.Count)
                {
                    throw new RecsysException($"{_name}: position {from} was deleted, or lies beyond the end; the journal starts at {_store.Start}");
                }

                int count = (int)Math.Min(ReadEvents, _store.Events.Count - at);
                return count == 0 ? null : EventBatch.Of(from, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_store.Events).Slice((int)at, count));
            }
        }
    }
}
