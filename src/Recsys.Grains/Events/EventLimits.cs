using Recsys.Engine;
using Recsys.Engine.Serving;

namespace Recsys.Grains.Events;

/// <summary>How much one call takes.</summary>
public static class EventLimits
{
    /// <summary>Most events of a batch.</summary>
    public const int MostEvents = 10_000;

    /// <summary>Most characters of all ids of a batch together.</summary>
    public const int MostCharacters = 8 << 20;

    /// <summary>Refuses a batch that is too large.</summary>
    /// <exception cref="InvalidOptionException">It is.</exception>
    public static void Check(ReadOnlySpan<IncomingEvent> events)
    {
        if (events.Length > MostEvents)
        {
            throw new InvalidOptionException($"a batch has at most {MostEvents} events, found {events.Length}");
        }

        long characters = 0;
        foreach (ref readonly var e in events)
        {
            characters += (e.User?.Length ?? 0) + (e.Item?.Length ?? 0) + (e.Id?.Length ?? 0);
        }

        if (characters > MostCharacters)
        {
            throw new InvalidOptionException($"the ids of a batch have at most {MostCharacters} characters together, found {characters}");
        }
    }
}
