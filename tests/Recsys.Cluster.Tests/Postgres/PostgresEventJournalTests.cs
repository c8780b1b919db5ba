using Npgsql;
using Recsys.Engine;
using Recsys.Engine.Storage;
using Recsys.Silo.Postgres;

namespace Recsys.Cluster.Tests.Postgres;

[Collection(PostgresCollection.Name)]
[Trait("Category", "Long")]
public sealed class PostgresEventJournalTests : IAsyncLifetime
{
    private NpgsqlDataSource _database = null!;
    private PostgresJournals _journals = null!;

    public async Task InitializeAsync()
    {
        if (PostgresServer.IsPresent)
        {
            string connection = PostgresServer.Instance.CreateDatabase();
            await PostgresSchema.PrepareAsync(connection, create: true);
            _database = NpgsqlDataSource.Create(connection);
            _journals = new PostgresJournals(_database);
        }
    }

    public async Task DisposeAsync() => await (_database?.DisposeAsync() ?? default);

    [PostgresFact]
    public async Task What_was_appended_is_read_to_the_bit_by_this_writer_and_the_next()
    {
        var events = Events(0, 10_000);
        events[3] = events[3] with { Id = "zero \0 and 😀", User = "ü\0", Item = "line\nend", Value = float.Epsilon, Kind = (EventKind)200 };
        await using (var journal = await _journals.OpenAsync("one"))
        {
            Assert.Equal(new AppendResult(0, 6000, 0), await journal.AppendAsync(events.AsMemory(0, 6000)));
            Assert.Equal(new AppendResult(6000, 4000, 2000), await journal.AppendAsync(events.AsMemory(4000)));
            Assert.Equal(events, await AllAsync(journal, 0));
        }

        await using var again = await _journals.OpenAsync("one");
        Assert.Equal((0, 10_000), (again.Start, again.End));
        Assert.Equal(new AppendResult(10_000, 0, 10_000), await again.AppendAsync(events));
        Assert.Equal(events[30..], await AllAsync(again, 30));
        await using var other = await _journals.OpenAsync("two");
        Assert.Equal(0, other.End);
        await Assert.ThrowsAsync<RecsysException>(() => AllAsync(other, 1));
    }

    [PostgresFact]
    public async Task An_event_twice_in_one_batch_is_appended_once()
    {
        await using var journal = await _journals.OpenAsync("one");
        var events = Events(0, 3);
        Assert.Equal(new AppendResult(0, 2, 2), await journal.AppendAsync(new[] { events[0], events[1], events[0], events[1] }));
        Assert.Equal(events[..2], await AllAsync(journal, 0));
    }

    [PostgresFact]
    public async Task An_event_that_no_journal_takes_keeps_its_whole_batch_out()
    {
        await using var journal = await _journals.OpenAsync("one");
        var events = Events(0, 3);
        events[2] = events[2] with { User = "" };
        await Assert.ThrowsAsync<RecsysException>(() => journal.AppendAsync(events).AsTask());
        Assert.Equal(0, journal.End);
        Assert.Equal(2, (await journal.AppendAsync(events.AsMemory(0, 2))).Accepted);
    }

    [PostgresFact]
    public async Task The_last_to_open_a_journal_is_its_writer_and_an_earlier_one_appends_nothing_more()
    {
        var events = Events(0, 30);
        var first = await _journals.OpenAsync("one");
        await first.AppendAsync(events.AsMemory(0, 10));
        var second = await _journals.OpenAsync("one");
        await Assert.ThrowsAsync<JournalTakenException>(() => first.AppendAsync(events.AsMemory(10, 10)).AsTask());
        await Assert.ThrowsAsync<JournalTakenException>(() => first.AppendAsync(events.AsMemory(10, 10)).AsTask());
        Assert.Equal(new AppendResult(10, 10, 0), await second.AppendAsync(events.AsMemory(20)));
        await first.DisposeAsync();
        Assert.Equal(events.Take(10).Concat(events.Skip(20)), await AllAsync(second, 0));
        await second.DisposeAsync();
    }

    [PostgresFact]
    public async Task Two_writers_that_take_the_journal_from_each_other_lose_nothing_and_leave_no_gap()
    {
        var acknowledged = new System.Collections.Concurrent.ConcurrentDictionary<string, bool>();
        async Task WriteAsync(int writer)
        {
            for (int round = 0; round < 20; round++)
            {
                await using var journal = await _journals.OpenAsync("one");
                try
                {
                    for (int b = 0; b < 5; b++)
                    {
                        var events = Events(((((writer * 20) + round) * 5) + b) * 10, 10);
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

        await Task.WhenAll(WriteAsync(0), WriteAsync(1), WriteAsync(2));
        await using var reader = await _journals.OpenAsync("one");
        var found = await AllAsync(reader, 0);
        Assert.Equal(reader.End, found.Length);
        Assert.Equal(found.Length, found.Select(e => e.Id).Distinct().Count());
        Assert.Empty(acknowledged.Keys.Except(found.Select(e => e.Id)));
        Assert.NotEmpty(acknowledged);
    }

    [PostgresFact]
    public async Task Many_that_append_at_once_each_get_the_positions_of_their_own_events()
    {
        await using var journal = await _journals.OpenAsync("one");
        var results = await Task.WhenAll(Enumerable.Range(0, 200).Select(async i =>
            (Events: Events(i * 7, 7), Result: await journal.AppendAsync(Events(i * 7, 7)))));
        var all = await AllAsync(journal, 0);
        Assert.Equal(1400, all.Length);
        foreach (var (events, result) in results)
        {
            Assert.Equal(7, result.Accepted);
            Assert.Equal(events, all[(int)result.First..(int)result.End]);
        }
    }

    [PostgresFact]
    public async Task Following_gives_what_is_there_and_then_what_comes_and_ends_when_the_journal_is_closed()
    {
        var journal = await _journals.OpenAsync("one");
        var events = Events(0, 50);
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

    [PostgresFact]
    public async Task Events_below_a_snapshot_are_given_up_but_for_the_ids_that_recognise_duplicates()
    {
        var journals = new PostgresJournals(_database, dedupEvents: 100);
        var events = Events(0, 500);
        await using var journal = await journals.OpenAsync("one");
        await journal.AppendAsync(events);
        await journal.DeleteBelowAsync(450);
        Assert.Equal((400, 500), (journal.Start, journal.End));
        Assert.Equal(new AppendResult(500, 0, 100), await journal.AppendAsync(events.AsMemory(400)));
        await Assert.ThrowsAsync<RecsysException>(() => AllAsync(journal, 399));
        Assert.Equal(events[400..], await AllAsync(journal, 400));
    }

    [PostgresFact]
    public async Task A_broken_connection_fails_the_append_and_a_repetition_appends_once()
    {
        await using var journal = await _journals.OpenAsync("one");
        var events = Events(0, 100);
        await journal.AppendAsync(events.AsMemory(0, 50));
        await using (var command = _database.CreateCommand(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"))
        {
            await command.ExecuteNonQueryAsync();
        }

        IEventJournal now = journal;
        for (int attempt = 0; attempt < 20 && now.End < 100; attempt++)
        {
            try
            {
                await now.AppendAsync(events);
            }
            catch (RecsysException)
            {
                now = await _journals.OpenAsync("one");
            }
        }

        Assert.Equal(events, await AllAsync(now, 0));
        await now.DisposeAsync();
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

    private static InteractionEvent[] Events(int first, int count) =>
    [
        .. Enumerable.Range(first, count).Select(i => new InteractionEvent(
            $"e{i}", $"user {i % 17}", $"item {i % 29}", (EventKind)(1 + (i % 5)), i, DateTimeOffset.UnixEpoch.AddTicks(17_000_000_000_000_001 + i))),
    ];
}
