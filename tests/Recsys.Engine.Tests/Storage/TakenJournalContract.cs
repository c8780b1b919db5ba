using Recsys.Engine.Storage;

namespace Recsys.Engine.Tests.Storage;

/// <summary>What journals promise besides that can be taken from a writer that has not closed them.</summary>
public abstract class TakenJournalContract : EventJournalContract
{
    [JournalFact]
    public async Task The_last_to_open_a_journal_is_its_writer_and_an_earlier_one_appends_nothing_more()
    {
        var events = Make(0, 30);
        var first = await Journals.OpenAsync("one");
        await first.AppendAsync(events.AsMemory(0, 10));
        var second = await Journals.OpenAsync("one");
        await Assert.ThrowsAsync<JournalTakenException>(() => first.AppendAsync(events.AsMemory(10, 10)).AsTask());
        await Assert.ThrowsAsync<JournalTakenException>(() => first.AppendAsync(events.AsMemory(10, 10)).AsTask());
        Assert.Equal(new AppendResult(10, 10, 0), await second.AppendAsync(events.AsMemory(20)));
        await first.DisposeAsync();
        Assert.Equal(events.Take(10).Concat(events.Skip(20)), await AllAsync(second, 0));
        await second.DisposeAsync();
    }

    [JournalFact]
    public async Task Writers_that_take_the_journal_from_each_other_lose_nothing_and_leave_no_gap()
    {
        var acknowledged = new System.Collections.Concurrent.ConcurrentDictionary<string, bool>();
        async Task WriteAsync(int writer)
        {
            for (int round = 0; round < 20; round++)
            {
                await using var journal = await Journals.OpenAsync("one");
                try
                {
                    for (int b = 0; b < 5; b++)
                    {
                        var events = Make(((((writer * 20) + round) * 5) + b) * 10, 10);
                        await journal.AppendAsync(events);
                        foreach (var e in events)
                        {
                            acknowledged[e.Id] = true;
                        }
                    }
                }
                catch (JournalTakenException)
                {
                }
            }
        }

        await Task.WhenAll(Enumerable.Range(0, 3).Select(w => Task.Run(() => WriteAsync(w))));
        await using var reader = await Journals.OpenAsync("one");
        var found = await AllAsync(reader, 0);
        Assert.Equal(reader.End, found.Length);
        Assert.Equal(found.Length, found.Select(e => e.Id).Distinct().Count());
        Assert.Empty(acknowledged.Keys.Except(found.Select(e => e.Id)));
        Assert.NotEmpty(acknowledged);
    }
}
