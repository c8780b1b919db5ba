using System.Diagnostics;
using Recsys.Engine.Data;
using Recsys.Engine.Numerics;
using Recsys.Engine.Serving;

namespace Recsys.Engine.Online.Cold;

/// <summary>
/// Keeps <see cref="ColdItems"/> of a live ALS current, on a thread of its own: anew after a change of the catalogue, when
/// a user was forgotten, and when a fiftieth of the items got other factors. Between two fits it rests ten times as long as the last one took.
/// </summary>
internal sealed class ColdItemFitter : IAsyncDisposable
{
    private const int FewItems = 10;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly OnlineState _state;
    private readonly ItemStore _items;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;
    private readonly Lock _gate = new();
    private ColdItems _current = ColdItems.None;
    private Moment? _at;

    public ColdItemFitter(OnlineState state, ItemStore items)
    {
        _state = state;
        _items = items;
        _running = state.Als is null ? Task.CompletedTask : Task.Run(RunAsync);
    }

    /// <summary>What was fitted last.</summary>
    public ColdItems Current => Volatile.Read(ref _current);

    /// <summary>Why the last fit failed; null where it did not.</summary>
    public string? Failure { get; private set; }

    /// <summary>Fits anew if much has changed; returns whether it did.</summary>
    public bool Refresh(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            // The revision first: what is described meanwhile is looked at again.
            long revision = _items.Revision;
            var (now, known, factors, users) = _state.Read(s =>
            {
                var moment = new Moment(revision, s.Als!.ItemVersion, s.Forgotten);
                return _at is { } at && !at.IsOver(moment, s.ItemIds.Count)
                    ? (moment, new IdTable(), (DenseMatrix?)null, [])
                    : (moment, s.ItemIds.Clone(), s.Als.CopyItems(s.ItemIds.Count), s.ItemUsers.ToArray());
            });
            if (factors is null)
            {
                return false;
            }

            using (factors)
            {
                Volatile.Write(ref _current, ColdItems.Fit(known, factors, users, _items, cancellationToken));
            }

            _at = now;
            return true;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        var rest = Pause;
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                long began = Stopwatch.GetTimestamp();
                bool fitted = Refresh(_stopping.Token);
                Failure = null;
                rest = fitted && Stopwatch.GetElapsedTime(began) * 10 > Pause ? Stopwatch.GetElapsedTime(began) * 10 : Pause;
                await Task.Delay(rest, _stopping.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                // Disposed.
            }
            catch (Exception e)
            {
                // What was fitted before goes on answering until the catalogue changes again.
                Failure = e.Message;
                await Task.Delay(Pause, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    private readonly record struct Moment(long Revision, int ItemVersion, int Forgotten)
    {
        public bool IsOver(Moment now, int items) =>
            now.Revision != Revision || now.Forgotten != Forgotten || now.ItemVersion - ItemVersion > Math.Max(FewItems, items / 50);
    }
}
