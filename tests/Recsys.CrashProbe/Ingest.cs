using System.Globalization;
using System.Text;
using Recsys.Engine.Storage;

namespace Recsys.CrashProbe;

/// <summary>
/// Appends events from several streams at once until it is killed. Prints "ready", then "stream next" whenever all
/// events of a stream below next are acknowledged.
/// </summary>
internal static class Ingest
{
    public const int Streams = 4;

    /// <summary>Small segments, so that kills hit their rotation too.</summary>
    public static EventLogOptions Options { get; } = new() { SegmentBytes = 256 << 10, MaxGroupBytes = 16 << 10, DedupEvents = 500_000 };

    public static async Task RunAsync(string folder, int seed, long[] next)
    {
        using var log = EventLog.Open(folder, Options);
        using var output = Console.OpenStandardOutput();
        Say(output, "ready");
        await Task.WhenAll(next.Select((from, stream) => Task.Run(() => AppendAsync(log, stream, from, new Random(seed + stream), output))));
    }

    public static InteractionEvent Make(int stream, long number) => new(
        $"{stream}-{number}", $"user {number % 1000}", $"item {number % 777}", EventKind.Click, stream, DateTimeOffset.UnixEpoch.AddTicks(number));

    private static async Task AppendAsync(EventLog log, int stream, long next, Random random, Stream output)
    {
        long before = next;
        while (true)
        {
            // Now and then the last batch is sent again, as a client does that saw no answer.
            long from = random.Next(10) == 0 ? before : next;
            // A large batch is one large write, which the kill can cut in two.
            int count = (int)(next - from) + (random.Next(40) == 0 ? random.Next(2_000, 10_000) : random.Next(1, 64));
            var result = await log.AppendAsync(Enumerable.Range(0, count).Select(i => Make(stream, from + i)).ToArray());
            if (result.Accepted + result.Duplicates != count)
            {
                throw new InvalidOperationException($"{result} for {count} events");
            }

            (before, next) = (next, from + count);
            Say(output, string.Create(CultureInfo.InvariantCulture, $"{stream} {next}"));
        }
    }

    private static void Say(Stream output, string line)
    {
        lock (output)
        {
            output.Write(Encoding.ASCII.GetBytes(line + "\n"));
            output.Flush();
        }
    }
}
