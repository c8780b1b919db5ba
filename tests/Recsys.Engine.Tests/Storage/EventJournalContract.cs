using Recsys.Engine.Storage;

namespace Recsys.Engine.Tests.Storage;

/// <summary>What every <see cref="IEventJournal"/> promises. The cluster's tests hold it against PostgreSQL.</summary>
public abstract class EventJournalContract
{
    /// <summary>Journals that keep what they have for the length of a test; none at its beginning.</summary>
    protected abstract IEventJournals Journals { get; }

    [JournalFact]
    public async Task What_was_appended_is_read_to_the_bit_by_this_writer_and_the_next()
    {
        var events = Make(0, 10_000);
        events[3] = events[3] with { Id = "zero \0 and 😀", User = "ü\0", Item = "line\nend", Value = float.Epsilon, Kind = (EventKind)200 };
        await using (var journal = await Journals.OpenAsync("one"))
        {
            Assert.Equal(new AppendResult(0, 6000, 0), await journal.AppendAsync(events.AsMemory(0, 6000)));
            Assert.Equal(new AppendResult(6000, 4000, 2000), await journal.AppendAsync(events.AsMemory(4000)));
            Assert.Equal(events, await AllAsync(journal, 0));
        }

        await using var again = await Journals.OpenAsync("one");
        Assert.Equal((0, 10_000), (again.Start, again.End));
        Assert.Equal(new AppendResult(10_000, 0, 10_000), await again.AppendAsync(events));
        Assert.Equal(events[30..], await AllAsync(again, 30));
        Assert.Empty(await AllAsync(again, 10_000));
        await using var other = await Journals.OpenAsync("two");
        Assert.Equal(0, other.End);
        await Assert.ThrowsAsync<RecsysException>(() => AllAsync(other, 1));
    }

    [JournalFact]
    public async Task An_event_twice_in_one_batch_is_appended_once()
    {
        await using var journal = await Journals.OpenAsync("one");
        var events = Make(0, 3);
        Assert.Equal(new AppendResult(0, 2, 2), await journal.AppendAsync(new[] { events[0], events[1], events[0], events[1] }));
        Assert.Equal(events[..2], await AllAsync(journal, 0));
    }

    [JournalFact]
    public async Task An_event_that_no_journal_takes_keeps_its_whole_batch_out()
    {
        await using var journal = await Journals.OpenAsync("one");
        var events = Make(0, 3);
        events[2] = events[2] with { User = "" };
        await Assert.ThrowsAsync<RecsysException>(() => journal.AppendAsync(events).AsTask());
        Assert.Equal(0, journal.End);
        Assert.Equal(2, (await journal.AppendAsync(events.AsMemory(0, 2))).Accepted);
    }

    [JournalFact]
    public async Task Many_that_append_at_once_each_get_the_positions_of_their_own_events()
    {
        await using var journal = await Journals.OpenAsync("one");
        var results = await Task.WhenAll(Enumerable.Range(0, 200).Select(async i =>
            (Events: Make(i * 7, 7), Result: await journal.AppendAsync(Make(i * 7, 7)))));
        var all = await AllAsync(journal, 0);
        Assert.Equal(1400, all.Length);
        foreach (var (events, result) in results)
        {
            Assert.Equal(7, result.Accepted);
            Assert.Equal(events, all[(int)result.First..(int)result.End]);
        }
    }

    [JournalFact]
    public async Task Following_gives_what_is_there_and_then_what_comes_and_ends_when_the_journal_is_closed()
    {
        var journal = await Journals.OpenAsync("one");
        var events = Make(0, 50);
        await journal.AppendAsync(events.AsMemory(0, 10));
        var following = Task.Run(async () =>
        {
            var found = new List<InteractionEvent>();
            await foreach (var batch in journal.FollowAsync(5))
            {
                Assert.Equal(5 + found.Count, batch.FirstPosition);
                found.AddRange(batch.ToEvents());
            }

            return found;
        });
        await journal.AppendAsync(events.AsMemory(10, 20));
        await journal.AppendAsync(events.AsMemory(30));
        await Task.Delay(100);
        await journal.DisposeAsync();
        Assert.Equal(events[5..], await following.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    protected static async Task<InteractionEvent[]> AllAsync(IEventJournal journal, long from)
    {
        var found = new List<InteractionEvent>();
        await foreach (var batch in journal.ReadAsync(from))
        {
            Assert.Equal(from + found.Count, batch.FirstPosition);
            found.AddRange(batch.ToEvents());
        }

        return [.. found];
    }

    protected static InteractionEvent[] Make(int first, int count) =>
    [
        .. Enumerable.Range(first, count).Select(i => new InteractionEvent(
            $"e{i}", $"user {i % 17}", $"item {i % 29}", (EventKind)(1 + (i % 5)), i, DateTimeOffset.UnixEpoch.AddTicks(17_000_000_000_000_001 + i))),
    ];
}
