using System.Text;
using Recsys.Engine;
using Recsys.Engine.Serving;

namespace Recsys.Grains.Events;

/// <summary>How much one call takes.</summary>
public static class EventLimits
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>Most events of a batch.</summary>
    public const int MostEvents = 10_000;

    /// <summary>Most characters of all ids of a batch together.</summary>
    public const int MostCharacters = 8 << 20;

    /// <summary>Refuses a batch that is too large, or has an id that no journal takes.</summary>
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
            characters += Characters(e.User) + Characters(e.Item) + Characters(e.Id);
        }

        if (characters > MostCharacters)
        {
            throw new InvalidOptionException($"the ids of a batch have at most {MostCharacters} characters together, found {characters}");
        }
    }

    /// <summary>Characters of an id, which has to be Unicode of at most 65,535 bytes in UTF-8.</summary>
    private static int Characters(string? id)
    {
        if (id is null)
        {
            return 0;
        }

        if (id.Length > ushort.MaxValue / 3 || id.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
        {
            try
            {
                if (Strict.GetByteCount(id) > ushort.MaxValue)
                {
                    throw new InvalidOptionException($"an id has at most {ushort.MaxValue} bytes, found '{id[..40]}…'");
                }
            }
            catch (EncoderFallbackException)
            {
                throw new InvalidOptionException("an id is not valid Unicode");
            }
        }

        return id.Length;
    }
}
