using System.Diagnostics;
using System.Globalization;
using Recsys.Cli.Output;
using Recsys.Engine.Data;
using Recsys.Engine.Serving;

namespace Recsys.Client.Commands;

/// <summary>Sends interactions as events in batches; the id of event k is "SOURCE:k".</summary>
internal sealed class IngestRun(IEventIngest events, InteractionLog log, string source, string kind, int batch)
{
    private readonly Lock _gate = new();
    private readonly SortedSet<long> _done = [];
    private long _accepted;
    private long _duplicates;
    private long _before;

    /// <summary>What became of the events.</summary>
    public sealed record Total(long Accepted, long Duplicates, double Seconds);

    public async Task<Total> SendAsync(long from, int parallel, Terminal terminal, CancellationToken cancellationToken)
    {
        _before = Math.Clamp(from, 0, log.Count);
        var clock = Stopwatch.StartNew();
        long said = 0;
        var starts = Enumerable.Range(0, (int)((log.Count - _before + batch - 1) / batch)).Select(b => _before + ((long)b * batch)).ToList();
        try
        {
            await Parallel.ForEachAsync(
                starts,
                new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancellationToken },
                async (first, token) =>
                {
                    int count = (int)Math.Min(batch, log.Count - first);
                    var receipt = await events.AcceptAsync(Batch(first, count), token).ConfigureAwait(false);
                    lock (_gate)
                    {
                        _accepted += receipt.Accepted;
                        _duplicates += receipt.Duplicates;
                        _done.Add(first);
                        while (_done.Remove(_before))
                        {
                            _before += Math.Min(batch, log.Count - _before);
                        }

                        if (clock.ElapsedMilliseconds - said >= 1000)
                        {
                            said = clock.ElapsedMilliseconds;
                            terminal.Notice(string.Create(CultureInfo.InvariantCulture, $"{_before:N0} of {log.Count:N0}"));
                        }
                    }
                }).ConfigureAwait(false);
        }
        catch
        {
            // Those before are accepted; sending them again would change nothing either.
            terminal.Notice(string.Create(CultureInfo.InvariantCulture, $"stopped; go on with --from {_before}"));
            throw;
        }

        return new Total(_accepted, _duplicates, clock.Elapsed.TotalSeconds);
    }

    private IncomingEvent[] Batch(long first, int count)
    {
        var batch = new IncomingEvent[count];
        for (int b = 0; b < count; b++)
        {
            int k = (int)(first + b);
            float weight = log.HasWeights ? log.Weights[k] : 1;
            batch[b] = new IncomingEvent(
                log.UserIds[log.Users[k]],
                log.ItemIds[log.Items[k]],
                weight < 0 ? "dislike" : kind,
                string.Create(CultureInfo.InvariantCulture, $"{source}:{k}"),
                weight is 1 or -1 ? null : Math.Abs(weight),
                log.HasTimes ? DateTimeOffset.FromUnixTimeSeconds(log.Times[k]) : null);
        }

        return batch;
    }
}
