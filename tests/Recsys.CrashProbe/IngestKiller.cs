using System.Globalization;
using System.Text;
using Recsys.Engine.Storage;

namespace Recsys.CrashProbe;

/// <summary>Kills a running ingest again and again and checks after it that no acknowledged event is lost and none is there twice.</summary>
public static class IngestKiller
{
    /// <summary>Runs it in an empty folder; returns a line that says what was seen. Throws where a promise is broken.</summary>
    public static string Run(string folder, int kills, int seed, TextWriter? progress = null)
    {
        var random = new Random(seed);
        var acknowledged = new long[Ingest.Streams];
        var found = new long[Ingest.Streams];
        long position = 0;
        long torn = 0;
        int tornTimes = 0;
        for (int kill = 1; kill <= kills; kill++)
        {
            // Most die while they write, some while they start and recover.
            bool fromFirstLine = random.Next(5) > 0;
            var time = TimeSpan.FromMilliseconds(random.NextDouble() * 120);
            string[] arguments = ["ingest", folder, Victim.Text(random.Next()), .. acknowledged.Select(Victim.Text)];
            foreach (string line in Victim.RunAndKill(arguments, time, fromFirstLine))
            {
                if (line.Split(' ') is [var stream, var next])
                {
                    int s = int.Parse(stream, CultureInfo.InvariantCulture);
                    acknowledged[s] = Math.Max(acknowledged[s], long.Parse(next, CultureInfo.InvariantCulture));
                }
            }

            // Sometimes the next victim has to recover by itself.
            if (kill == kills || random.Next(2) == 0)
            {
                using var log = EventLog.Open(folder, Ingest.Options);
                torn += log.Recovery.TornBytes;
                tornTimes += log.Recovery.TornBytes > 0 ? 1 : 0;
                position = Check(log, position, found);
                Expect(acknowledged.Zip(found).All(p => p.First <= p.Second), $"after kill {kill}: acknowledged {Join(acknowledged)}, found {Join(found)}");
                if (kill == kills)
                {
                    var all = new long[Ingest.Streams];
                    Check(log, 0, all);
                    Expect(all.SequenceEqual(found), $"read again from the start: {Join(all)}, not {Join(found)}");
                }
            }

            progress?.WriteLine($"kill {kill}: {acknowledged.Sum()} acknowledged");
        }

        return $"{kills} kills (seed {seed}): {acknowledged.Sum()} events acknowledged, every one there once; {found.Sum() - acknowledged.Sum()} more were durable, "
            + $"{tornTimes} torn ends of {torn} bytes in all were cut";
    }

    private static long Check(EventLog log, long position, long[] found)
    {
        foreach (var batch in log.Read(position))
        {
            for (int i = 0; i < batch.Count; i++)
            {
                var e = batch[i];
                string[] id = Encoding.UTF8.GetString(e.Id).Split('-');
                int stream = int.Parse(id[0], CultureInfo.InvariantCulture);
                long number = long.Parse(id[1], CultureInfo.InvariantCulture);

                // Streams append in order, so that "none lost, none twice" is: each number follows the one before it.
                Expect(number == found[stream], $"position {e.Position}: event {number} of stream {stream}, {found[stream]} was expected");
                Expect(e.ToEvent() == Ingest.Make(stream, number), $"position {e.Position}: {e.ToEvent()} is not what was appended");
                found[stream]++;
            }
        }

        return log.End;
    }

    private static string Join(long[] numbers) => string.Join(", ", numbers);

    private static void Expect(bool holds, string what)
    {
        if (!holds)
        {
            throw new InvalidOperationException(what);
        }
    }
}
