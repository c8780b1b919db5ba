using Recsys.Engine;
using Recsys.Engine.Als;
using Recsys.Engine.Data;
using Recsys.Engine.Serving;
using Recsys.Grains.Events;

namespace Recsys.Grains.Serving;

/// <summary>
/// The durable way of events into a cluster, and the histories that came of them: one call to each event partition
/// concerned. Every event gets an id before it is sent, so that what failed may be sent again.
/// </summary>
/// <param name="grains">The cluster.</param>
/// <param name="settings">How it is cut.</param>
public sealed class ClusterIngest(IGrainFactory grains, ServingSettings settings) : IEventIngest, IHistories
{
    private const int PagePairs = 100_000;
    // A message that went down with a silo is answered by nobody: half a minute is Orleans' patience, the ids allow for less.
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(10);
    private const int MostFailures = 20;

    private readonly HashSet<string> _kinds = [.. settings.Kinds];

    /// <inheritdoc/>
    public IReadOnlyCollection<string> Kinds => settings.Kinds;

    /// <summary>
    /// Accepts a batch. It is checked whole first; then each partition takes its users' events all or nothing. Where one fails,
    /// others may have taken theirs: send the batch again with the same ids. The position is the highest of any partition.
    /// </summary>
    /// <inheritdoc cref="IEventIngest.AcceptAsync"/>
    public async ValueTask<IngestReceipt> AcceptAsync(ReadOnlyMemory<IncomingEvent> events, CancellationToken cancellationToken = default)
    {
        EventLimits.Check(events.Span);
        string[] ids = new string[events.Length];
        var parts = new List<IncomingEvent>?[settings.EventPartitions];
        for (int e = 0; e < ids.Length; e++)
        {
            var one = Checked(events.Span[e], e);
            ids[e] = one.Id!;
            (parts[VirtualBlocks.PartitionOf(one.User, parts.Length)] ??= []).Add(one);
        }

        var receipts = await Task.WhenAll(parts.Select((part, p) => part is null
            ? Task.FromResult<IngestReceipt?>(null)
            : AcceptAsync(p, part, cancellationToken))).ConfigureAwait(false);
        var some = receipts.OfType<IngestReceipt>().ToList();
        return new IngestReceipt(ids, some.Sum(r => r.Accepted), some.Sum(r => r.Duplicates), some.Select(r => r.Position).DefaultIfEmpty().Max());
    }

    /// <summary>
    /// A copy of all histories, gathered from the event partitions page by page: of each user as it stood at one moment, of
    /// different users perhaps at different ones. Users by partition, then in order of their first event.
    /// </summary>
    public async ValueTask<Dataset> GetHistoriesAsync(CancellationToken cancellationToken = default)
    {
        var users = new IdTable();
        var items = new IdTable();
        var offsets = new List<long> { 0 };
        var columns = new List<int>();
        var weights = new List<float>();
        var row = new List<(int Item, float Weight)>();
        for (int p = 0; p < settings.EventPartitions; p++)
        {
            var partition = grains.Known<IEventPartitionGrain>(p);
            for (int next = 0; next >= 0;)
            {
                var page = await partition.ExportAsync(next, PagePairs).WaitAsync(cancellationToken).ConfigureAwait(false);
                int[] map = Array.ConvertAll(page.Items, items.GetOrAdd);
                int at = 0;
                for (int u = 0; u < page.Users.Length; u++)
                {
                    users.GetOrAdd(page.Users[u]);
                    row.Clear();
                    for (int end = at + page.Counts[u]; at < end; at++)
                    {
                        row.Add((map[page.Columns[at]], page.Weights[at]));
                    }

                    row.Sort((a, b) => a.Item.CompareTo(b.Item));
                    columns.AddRange(row.Select(r => r.Item));
                    weights.AddRange(row.Select(r => r.Weight));
                    offsets.Add(columns.Count);
                }

                next = page.Next;
            }
        }

        return new Dataset(users, items, new SparseMatrix(users.Count, items.Count, [.. offsets], [.. columns], [.. weights]))
        {
            Name = "events of the cluster",
        };
    }

    /// <summary>A partition that moves, or has just lost its silo, is tried again: the ids make that safe.</summary>
    private async Task<IngestReceipt?> AcceptAsync(int partition, List<IncomingEvent> events, CancellationToken cancellationToken)
    {
        var grain = grains.Known<IEventPartitionGrain>(partition);
        for (int failures = 0; ; failures++)
        {
            try
            {
                return await grain.AcceptAsync([.. events], cancellationToken).WaitAsync(AnswerWithin, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (failures < MostFailures && !cancellationToken.IsCancellationRequested
                && e is not (InvalidOptionException or ArgumentException or OperationCanceledException))
            {
                await Task.Delay(Math.Min(500, 20 << Math.Min(failures, 5)), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private IncomingEvent Checked(in IncomingEvent e, int place)
    {
        if (string.IsNullOrEmpty(e.User) || string.IsNullOrEmpty(e.Item) || e.Id is { Length: 0 })
        {
            throw new InvalidOptionException($"event {place}: expected a user, an item and no empty id");
        }

        if (!_kinds.Contains(e.Kind ?? ""))
        {
            throw new InvalidOptionException($"event {place}: unknown kind '{e.Kind}'; expected one of {string.Join(", ", settings.Kinds)}");
        }

        if (e.Value is { } value && (!float.IsFinite(value) || value <= 0))
        {
            throw new InvalidOptionException($"event {place}: the value is {value}, expected a number above 0");
        }

        return e.Id is null ? e with { Id = Guid.NewGuid().ToString("N") } : e;
    }
}
