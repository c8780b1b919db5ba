using System.Globalization;
using Recsys.Engine.Serving;

namespace Recsys.Api.Tests;

/// <summary>Keeps events in memory, each id once.</summary>
internal sealed class MemoryIngest : IEventIngest
{
    private readonly Lock _gate = new();
    private readonly HashSet<string> _ids = [];
    private int _fresh;

    public List<IncomingEvent> Accepted { get; } = [];

    public IReadOnlyCollection<string> Kinds { get; } = ["view", "click", "purchase", "like", "dislike", "remove"];

    public ValueTask<IngestReceipt> AcceptAsync(ReadOnlyMemory<IncomingEvent> events, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            var ids = new string[events.Length];
            int duplicates = 0;
            for (int i = 0; i < ids.Length; i++)
            {
                var one = events.Span[i];
                ids[i] = one.Id ?? (++_fresh).ToString(CultureInfo.InvariantCulture) + "-fresh";
                if (_ids.Add(ids[i]))
                {
                    Accepted.Add(one);
                }
                else
                {
                    duplicates++;
                }
            }

            return new(new IngestReceipt(ids, ids.Length - duplicates, duplicates, Accepted.Count));
        }
    }
}
