using FsCheck;
using FsCheck.Fluent;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Tests.Storage;

public sealed class DamagedEventLogTests : IDisposable
{
    private static readonly EventLogOptions Small = new() { SegmentBytes = 4096 };
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_write_cut_anywhere_leaves_the_groups_before_it()
    {
        // Three groups of ten; the process dies at any byte of the third.
        await Write("log", [10, 10, 10]);
        byte[] whole = Unmarked(SegmentBytes("log", 0));
        long end = GroupEnds(whole)[1];
        for (int length = (int)end; length < whole.Length; length += 7)
        {
            Restore("cut", whole[..length]);
            using (var log = EventLog.Open(_folder["cut"]))
            {
                Assert.Equal(length - end, log.Recovery.TornBytes);
                Assert.Equal(Events.Make(0, 20), Events.All(log));
                await log.AppendAsync(Events.Make(15, 20));
            }

            using var again = EventLog.Open(_folder["cut"]);
            Assert.Equal(Events.Make(0, 35), Events.All(again));
            Assert.Equal(0, again.Recovery.TornBytes);
        }
    }

    [Fact]
    public async Task Whatever_pages_of_the_last_write_a_power_cut_loses_the_groups_before_are_there()
    {
        await Write("log", [50, 300]);
        byte[] whole = Unmarked(SegmentBytes("log", 0));
        int start = (int)GroupEnds(whole)[0];
        int pages = ((whole.Length - 1) >> 9) - (start >> 9) + 1;
        Prop.ForAll(Gen.Choose(0, 2).ListOf(pages).Zip(Gen.Choose(0, whole.Length - start)).ToArbitrary(), state =>
        {
            // Sectors of the unflushed write: there, lost (zero) or garbage; the file's length anything in between.
            byte[] bytes = [.. whole];
            for (int p = 0; p < pages; p++)
            {
                int from = Math.Max(start, ((start >> 9) + p) << 9);
                var sector = bytes.AsSpan(from, Math.Min(((from >> 9) + 1) << 9, bytes.Length) - from);
                if (state.Item1.ElementAt(p) == 1)
                {
                    sector.Clear();
                }
                else if (state.Item1.ElementAt(p) == 2)
                {
                    new Random(p).NextBytes(sector);
                }
            }

            Restore("lost", bytes[..(start + state.Item2)]);
            using var log = EventLog.Open(_folder["lost"]);
            var events = Events.All(log);
            bool all = bytes.AsSpan().SequenceEqual(whole) && state.Item2 == whole.Length - start;
            Assert.Equal(Events.Make(0, all ? 350 : 50), events);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));
    }

    [Fact]
    public async Task Damage_before_the_last_write_is_told_with_segment_and_offset()
    {
        await Write("log", [10, 10, 10]);
        byte[] whole = Unmarked(SegmentBytes("log", 0));
        long end = GroupEnds(whole)[1];
        for (int i = 0; i < end; i += 5)
        {
            byte[] bytes = [.. whole];
            bytes[i] ^= 4;
            Restore("damaged", bytes);
            var e = Assert.Throws<EventLogDamagedException>(() => EventLog.Open(_folder["damaged"]));
            Assert.Equal(_folder["damaged/00000000000000000000.events"], e.Segment);
            Assert.InRange(e.Offset, i < 32 ? 0 : i - 200, i);
        }
    }

    [Fact]
    public async Task After_a_clean_end_any_altered_byte_of_any_segment_is_found()
    {
        await Write("log", [.. Enumerable.Repeat(20, 12)]);
        string[] files = [.. Directory.GetFiles(_folder["log"], "*.events").Order()];
        Assert.InRange(files.Length, 3, 6);
        foreach (string file in files)
        {
            byte[] whole = File.ReadAllBytes(file);
            for (int i = 0; i < whole.Length - (file == files[^1] ? 32 : 0); i += 53)
            {
                byte[] bytes = [.. whole];
                bytes[i] ^= 0x20;
                File.WriteAllBytes(file, bytes);
                var e = Assert.Throws<EventLogDamagedException>(() =>
                {
                    using var log = EventLog.Open(_folder["log"], Small with { DedupEvents = 0 });
                    log.Verify();
                });
                Assert.Equal(file, e.Segment);
            }

            File.WriteAllBytes(file, whole);
        }

        using var whole2 = EventLog.Open(_folder["log"], Small);
        Assert.Equal(Events.Make(0, 240), Events.All(whole2));
    }

    [Fact]
    public async Task Any_damage_is_told_or_cuts_the_unacknowledged_end_only()
    {
        await Write("log", [.. Enumerable.Repeat(20, 12)]);
        string[] files = [.. Directory.GetFiles(_folder["log"], "*.events").Order()];
        var wholes = files.Select(File.ReadAllBytes).ToArray();
        var damage = Gen.Choose(0, files.Length - 1).SelectMany(f => Gen.Choose(0, wholes[f].Length - 1).SelectMany(at =>
            Gen.Choose(0, 3).SelectMany(kind => Gen.Choose(1, 255).Select(x => (File: f, At: at, Kind: kind, Value: (byte)x)))));
        Prop.ForAll(damage.ToArbitrary(), d =>
        {
            byte[] bytes = wholes[d.File];
            byte[] damaged = d.Kind switch
            {
                0 => bytes[..d.At],
                1 => [.. bytes[..d.At], d.Value, .. bytes[d.At..]],
                2 => [.. bytes[..d.At], (byte)(bytes[d.At] ^ d.Value), .. bytes[(d.At + 1)..]],
                _ => [.. bytes[..d.At], .. new byte[Math.Min(d.Value, bytes.Length - d.At)], .. bytes[Math.Min(bytes.Length, d.At + d.Value)..]],
            };
            File.WriteAllBytes(files[d.File], damaged);
            try
            {
                using var log = EventLog.Open(_folder["log"], Small with { DedupEvents = 0 });
                var events = Events.All(log);
                Assert.Equal(Events.Make(0, events.Count), events);

                // Less than all only where the last file was cut short, which no log can tell from a crash.
                Assert.True(events.Count == 240 || (d.File == files.Length - 1 && (d.Kind == 0 || (d.Kind == 3 && d.At + d.Value >= bytes.Length - 31))), $"{d} {events.Count}");
            }
            catch (EventLogDamagedException e)
            {
                Assert.DoesNotContain('\n', e.Message);
            }

            foreach (string left in Directory.GetFiles(_folder["log"], "*.events"))
            {
                File.Delete(left);
            }

            for (int i = 0; i < files.Length; i++)
            {
                File.WriteAllBytes(files[i], wholes[i]);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(150));
    }

    [Fact]
    public async Task A_missing_or_foreign_segment_is_told()
    {
        await Write("log", [.. Enumerable.Repeat(20, 12)]);
        await Write("other", [.. Enumerable.Repeat(20, 12)]);
        string[] files = [.. Directory.GetFiles(_folder["log"], "*.events").Order()];
        byte[] second = File.ReadAllBytes(files[1]);
        File.Delete(files[1]);
        Assert.Contains("the next segment starts", Assert.Throws<EventLogDamagedException>(() => EventLog.Open(_folder["log"])).Message, StringComparison.Ordinal);
        File.Copy(_folder["other/" + Path.GetFileName(files[1])], files[1]);
        Assert.Contains("of another log", Assert.Throws<EventLogDamagedException>(() => EventLog.Open(_folder["log"])).Message, StringComparison.Ordinal);
        File.WriteAllBytes(files[1], second);
        File.WriteAllText(_folder["log/notes.events"], "");
        Assert.Contains("not the name", Assert.Throws<EventLogDamagedException>(() => EventLog.Open(_folder["log"])).Message, StringComparison.Ordinal);
        File.Delete(_folder["log/notes.events"]);
        EventLog.Open(_folder["log"]).Dispose();
    }

    [Fact]
    public async Task A_crash_between_two_segments_does_no_harm()
    {
        await Write("log", [.. Enumerable.Repeat(20, 12)]);
        string[] files = [.. Directory.GetFiles(_folder["log"], "*.events").Order()];
        int before = (int)long.Parse(Path.GetFileNameWithoutExtension(files[^1]), System.Globalization.CultureInfo.InvariantCulture);

        // The old one ended, the new one not yet there, or only under its first name.
        File.Move(files[^1], files[^1] + ".new");
        File.WriteAllBytes(files[^1] + ".new", [1, 2, 3]);
        using (var log = EventLog.Open(_folder["log"], Small))
        {
            Assert.Equal(Events.Make(0, before), Events.All(log));
            await log.AppendAsync(Events.Make(before, 5));
        }

        using var again = EventLog.Open(_folder["log"], Small);
        Assert.Equal(Events.Make(0, before + 5), Events.All(again));
    }

    private async Task Write(string name, int[] groups)
    {
        using var log = EventLog.Open(_folder[name], Small with { SegmentBytes = groups.Length < 5 ? 1 << 20 : 4096 });
        foreach (int count in groups)
        {
            await log.AppendAsync(Events.Make(log.End, count));
        }
    }

    private byte[] SegmentBytes(string name, int index) => File.ReadAllBytes(Directory.GetFiles(_folder[name], "*.events").Order().ElementAt(index));

    private void Restore(string name, byte[] segment)
    {
        Directory.CreateDirectory(_folder[name]);
        foreach (string file in Directory.GetFiles(_folder[name]))
        {
            File.Delete(file);
        }

        File.WriteAllBytes(_folder[name + "/00000000000000000000.events"], segment);
    }

    /// <summary>Without the 32 bytes that a clean end leaves: as a crash would.</summary>
    private static byte[] Unmarked(byte[] segment) => segment[..^32];

    /// <summary>Where the groups of a whole segment end.</summary>
    private static List<long> GroupEnds(byte[] segment)
    {
        var ends = new List<long>();
        for (long at = 32; at < segment.Length; at = ends[^1])
        {
            ends.Add(at + 32 + BitConverter.ToInt32(segment, (int)at + 24));
        }

        return ends;
    }
}
