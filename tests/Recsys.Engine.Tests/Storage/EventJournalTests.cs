using Recsys.Engine.Storage;

namespace Recsys.Engine.Tests.Storage;

/// <summary>What every journal promises, held against the ones of the Engine.</summary>
public sealed class EventJournalTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Kinds => new("memory", "file");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task What_was_appended_is_read_once_by_this_writer_and_the_next(string kind)
    {
        var journals = Open(kind);
        var events = Events.Make(1, 100).ToArray();
        await using (var journal = await journals.OpenAsync("one"))
        {
            Assert.Equal(new AppendResult(0, 60, 0), await journal.AppendAsync(events.AsMemory(0, 60)));
            Assert.Equal(new AppendResult(60, 40, 20), await journal.AppendAsync(events.AsMemory(40)));
            Assert.Equal(events, await AllAsync(journal, 0));
        }

        await using var again = await journals.OpenAsync("one");
        Assert.Equal((0, 100), (again.Start, again.End));
        Assert.Equal(0, (await again.AppendAsync(events)).Accepted);
        Assert.Equal(events[30..], await AllAsync(again, 30));
        Assert.Empty(await AllAsync(again, 100));
        await using var other = await journals.OpenAsync("two");
        Assert.Equal(0, other.End);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Following_gives_what_is_there_and_then_what_comes_and_ends_when_the_journal_is_closed(string kind)
    {
        var journal = await Open(kind).OpenAsync("one");
        var events = Events.Make(1, 50).ToArray();
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
        await Task.Delay(50);
        await journal.DisposeAsync();
        Assert.Equal(events[5..], await following.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task An_event_that_no_journal_takes_keeps_its_whole_batch_out(string kind)
    {
        await using var journal = await Open(kind).OpenAsync("one");
        var events = Events.Make(1, 3).ToArray();
        events[2] = events[2] with { User = "" };
        await Assert.ThrowsAsync<RecsysException>(() => journal.AppendAsync(events).AsTask());
        Assert.Equal(0, journal.End);
    }

    [Fact]
    public async Task The_last_to_open_a_journal_is_its_writer_and_an_earlier_one_appends_nothing_more()
    {
        var journals = new MemoryJournals();
        var events = Events.Make(1, 30).ToArray();
        var first = await journals.OpenAsync("one");
        await first.AppendAsync(events.AsMemory(0, 10));
        var second = await journals.OpenAsync("one");
        await Assert.ThrowsAsync<JournalTakenException>(() => first.AppendAsync(events.AsMemory(10, 10)).AsTask());
        Assert.Equal(new AppendResult(10, 10, 0), await second.AppendAsync(events.AsMemory(20)));
        await first.DisposeAsync();
        Assert.Equal(events.Take(10).Concat(events.Skip(20)), await AllAsync(second, 0));
    }

    [Fact]
    public async Task A_log_is_taken_over_when_its_writer_has_closed_it()
    {
        var journals = Open("file");
        var first = await journals.OpenAsync("one");
        var second = journals.OpenAsync("one").AsTask();
        await Task.Delay(100);
        Assert.False(second.IsCompleted);
        await first.DisposeAsync();
        await using var journal = await second.WaitAsync(TimeSpan.FromSeconds(10));
        await Assert.ThrowsAsync<EventLogInUseException>(
            () => new FileJournals(_folder["journals"], patience: TimeSpan.Zero).OpenAsync("one").AsTask());
        await Assert.ThrowsAsync<InvalidOptionException>(() => journals.OpenAsync("../one").AsTask());
    }

    private static async Task<InteractionEvent[]> AllAsync(IEventJournal journal, long from)
    {
        var found = new List<InteractionEvent>();
        await foreach (var batch in journal.ReadAsync(from))
        {
            Assert.Equal(from + found.Count, batch.FirstPosition);
            found.AddRange(batch.ToEvents());
        }

        return [.. found];
    }

    private IEventJournals Open(string kind) => kind == "memory" ? new MemoryJournals() : new FileJournals(_folder["journals"]);
}
