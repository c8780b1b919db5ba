using Recsys.Engine.Storage;

namespace Recsys.Engine.Tests.Storage;

public sealed class EventLogTests : IDisposable
{
    private static readonly EventLogOptions Small = new() { SegmentBytes = 4096, MaxGroupBytes = 1000 };
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_was_appended_is_read_now_and_after_opening_anew()
    {
        InteractionEvent[] events =
        [
            new("1", "ü", "x\ty", EventKind.View, 0.5f, new DateTimeOffset(2026, 3, 4, 5, 6, 7, TimeSpan.FromHours(2)).AddTicks(3)),
            new("2", "u", new string('é', 30_000), (EventKind)77, -1, DateTimeOffset.MinValue),
            InteractionEvent.Forget("3", "ü", DateTimeOffset.MaxValue),
            .. Events.Make(10, 20),
        ];
        using (var log = EventLog.Open(_folder["log"]))
        {
            Assert.Equal(new AppendResult(0, 1, 0), await log.AppendAsync(events[0]));
            Assert.Equal(new AppendResult(1, 22, 0), await log.AppendAsync(events.AsMemory(1)));
            Assert.Equal(events, Events.All(log));
        }

        using var again = EventLog.Open(_folder["log"]);
        Assert.Equal(new EventLogRecovery(0, 23, 1, 0), again.Recovery);
        Assert.Equal(events, Events.All(again));
        Assert.Equal(events[5..], Events.All(again, 5));
        Assert.Empty(Events.All(again, 23));
        Assert.Equal(0, (await again.AppendAsync(ReadOnlyMemory<InteractionEvent>.Empty)).Accepted);
    }

    [Fact]
    public async Task An_id_is_written_once_however_often_it_comes()
    {
        using (var log = EventLog.Open(_folder["log"]))
        {
            await log.AppendAsync(Events.Make(0, 10));
            InteractionEvent[] mixed = [Events.Make(20), Events.Make(3), Events.Make(20), Events.Make(21), Events.Make(9), Events.Make(21), Events.Make(22)];
            Assert.Equal(new AppendResult(10, 3, 4), await log.AppendAsync(mixed));
            Assert.Equal(new AppendResult(13, 0, 1), await log.AppendAsync(Events.Make(5)));
            var same = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => log.AppendAsync(Events.Make(99)).AsTask()));
            Assert.Equal(1, same.Sum(r => r.Accepted));
        }

        using var again = EventLog.Open(_folder["log"]);
        Assert.Equal(new AppendResult(14, 0, 14), await again.AppendAsync((InteractionEvent[])[.. Events.Make(0, 10), .. Events.Make(20, 3), Events.Make(99)]));
        Assert.Equal([.. Events.Make(0, 10), .. Events.Make(20, 3), Events.Make(99)], Events.All(again));
    }

    [Fact]
    public async Task Without_a_window_ids_may_repeat()
    {
        using var log = EventLog.Open(_folder["log"], new EventLogOptions { DedupEvents = 0 });
        await log.AppendAsync(Events.Make(1));
        Assert.Equal(new AppendResult(1, 1, 0), await log.AppendAsync(Events.Make(1)));
    }

    [Fact]
    public async Task Segments_are_begun_by_size_and_read_across_from_any_position()
    {
        using (var log = EventLog.Open(_folder["log"], Small))
        {
            for (int i = 0; i < 40; i++)
            {
                await log.AppendAsync(Events.Make(i * 10, 10));
            }
        }

        Assert.InRange(Directory.GetFiles(_folder["log"], "*.events").Length, 5, 20);
        using var again = EventLog.Open(_folder["log"], Small);
        for (int from = 0; from <= 400; from += 7)
        {
            Assert.Equal(Events.Make(from, 400 - from), Events.All(again, from));
        }

        Assert.Throws<RecsysException>(() => again.Read(401));
        again.Verify();
    }

    [Fact]
    public async Task Segments_below_a_position_are_deleted_but_for_the_window()
    {
        var options = Small with { DedupEvents = 50 };
        using (var log = EventLog.Open(_folder["log"], options))
        {
            for (int i = 0; i < 40; i++)
            {
                await log.AppendAsync(Events.Make(i * 10, 10));
            }

            Assert.Equal(0, log.DeleteBelow(0));
            Assert.True(log.DeleteBelow(200) > 0);
            Assert.InRange(log.Start, 100, 200);
            Assert.Contains("was deleted", Assert.Throws<RecsysException>(() => log.Read(0)).Message, StringComparison.Ordinal);
            Assert.Equal(Events.Make(200, 200), Events.All(log, 200));
            log.DeleteBelow(long.MaxValue);
            Assert.InRange(log.Start, 250, 350);
        }

        using var again = EventLog.Open(_folder["log"], options);
        Assert.Equal(new AppendResult(400, 0, 50), await again.AppendAsync(Events.Make(350, 50)));
    }

    [Fact]
    public async Task Nothing_is_acknowledged_or_read_before_it_is_flushed()
    {
        using var gate = new ManualResetEventSlim(true);
        using var log = EventLog.Open(_folder["log"], new EventLogOptions
        {
            Flush = file =>
            {
                gate.Wait();
                RandomAccess.FlushToDisk(file);
            },
        });
        gate.Reset();
        var append = log.AppendAsync(Events.Make(1)).AsTask();
        await Task.Delay(100);
        Assert.False(append.IsCompleted);
        Assert.Equal(0, log.End);
        Assert.Empty(log.Read(0));
        gate.Set();
        Assert.Equal(1, (await append).Accepted);
        Assert.Equal(1, log.End);
    }

    [Fact]
    public async Task Appends_that_wait_together_share_a_flush()
    {
        int flushes = 0;
        using var log = EventLog.Open(_folder["log"], new EventLogOptions
        {
            GroupDelay = TimeSpan.FromMilliseconds(20),
            Flush = file =>
            {
                flushes++;
                RandomAccess.FlushToDisk(file);
            },
        });
        int before = flushes;
        await Task.WhenAll(Enumerable.Range(0, 500).Select(i => log.AppendAsync(Events.Make(i)).AsTask()));
        Assert.InRange(flushes - before, 1, 50);
        Assert.Equal(500, log.End);
    }

    [Fact]
    public async Task Appenders_are_held_back_when_much_is_queued_and_may_give_up_then()
    {
        using var gate = new ManualResetEventSlim(true);
        using var log = EventLog.Open(_folder["log"], new EventLogOptions { MaxQueuedBytes = 200, MaxGroupBytes = 1, Flush = _ => gate.Wait() });
        gate.Reset();
        var appends = Enumerable.Range(0, 3).Select(i => log.AppendAsync(Events.Make(i)).AsTask()).ToList();
        using var source = new CancellationTokenSource();
        var held = Enumerable.Range(3, 20).Select(i => log.AppendAsync(Events.Make(i), source.Token).AsTask()).ToList();
        await source.CancelAsync();
        for (int i = 0; i < 500 && held.Count(t => t.IsCanceled) < 15; i++)
        {
            await Task.Delay(10);
        }

        await Task.Delay(20);
        int cancelled = held.Count(t => t.IsCanceled);
        Assert.InRange(cancelled, 15, 20);
        gate.Set();
        await Task.WhenAll(appends.Concat(held.Where(t => !t.IsCanceled)));
        Assert.Equal(23 - cancelled, log.End);
    }

    [Fact]
    public async Task After_a_failed_flush_nothing_is_taken_until_it_is_opened_anew()
    {
        bool fail = false;
        var options = new EventLogOptions
        {
            Flush = file =>
            {
                if (fail)
                {
                    throw new IOException("no space\nleft");
                }

                RandomAccess.FlushToDisk(file);
            },
        };
        using (var log = EventLog.Open(_folder["log"], options))
        {
            await log.AppendAsync(Events.Make(0, 5));
            fail = true;
            var e = await Assert.ThrowsAsync<RecsysException>(async () => await log.AppendAsync(Events.Make(5, 5)));
            Assert.Contains("no space left", e.Message, StringComparison.Ordinal);
            fail = false;
            await Assert.ThrowsAsync<RecsysException>(async () => await log.AppendAsync(Events.Make(10)));
            await Assert.ThrowsAsync<RecsysException>(async () =>
            {
                await foreach (var _ in log.FollowAsync(5))
                {
                }
            });
            Assert.Equal(Events.Make(0, 5), Events.All(log));
        }

        using var again = EventLog.Open(_folder["log"], options);
        await again.AppendAsync(Events.Make(5, 5)); // written before or not: once in either case
        Assert.Equal(Events.Make(0, 10), Events.All(again));
    }

    [Fact]
    public void Two_cannot_have_it_open()
    {
        using (EventLog.Open(_folder["log"]))
        {
            Assert.Contains("another process", Assert.Throws<EventLogInUseException>(() => EventLog.Open(_folder["log"])).Message, StringComparison.Ordinal);
        }

        EventLog.Open(_folder["log"]).Dispose();
        File.WriteAllText(_folder["file"], "");
        Assert.Throws<RecsysException>(() => EventLog.Open(_folder["file"]));
    }

    [Fact]
    public async Task A_follower_gets_everything_in_order_until_the_log_is_closed()
    {
        var log = EventLog.Open(_folder["log"], Small);
        await log.AppendAsync(Events.Make(0, 30));
        var followed = new List<InteractionEvent>();
        var follower = Task.Run(async () =>
        {
            await foreach (var batch in log.FollowAsync(3))
            {
                followed.AddRange(batch.ToEvents());
            }
        });
        for (int i = 3; i < 60; i++)
        {
            await log.AppendAsync(Events.Make(i * 10, 10));
        }

        await log.DisposeAsync();
        await follower;
        Assert.Equal(Events.Make(3, 597), followed);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await log.AppendAsync(Events.Make(1)));
    }

    [Fact]
    public async Task A_follower_can_be_cancelled_while_it_waits()
    {
        using var log = EventLog.Open(_folder["log"]);
        using var source = new CancellationTokenSource(50);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in log.FollowAsync(0, source.Token))
            {
            }
        });
    }

    [Fact]
    public async Task An_event_that_cannot_stand_in_a_log_is_refused_and_its_batch_with_it()
    {
        using var log = EventLog.Open(_folder["log"]);
        var good = Events.Make(1);
        InteractionEvent[] bad =
        [
            good with { Id = "" }, good with { User = "" }, good with { Item = "" }, good with { Id = null! },
            good with { Kind = EventKind.None }, good with { Kind = EventKind.Forget }, good with { Value = float.NaN },
            good with { User = "\ud800" }, good with { Item = new string('x', 65_536) }, good with { Item = new string('é', 32_768) },
        ];
        foreach (var e in bad)
        {
            await Assert.ThrowsAsync<RecsysException>(async () => await log.AppendAsync((InteractionEvent[])[good, e]));
        }

        Assert.Equal(0, log.End);
        Assert.Equal(1, (await log.AppendAsync(good with { Item = new string('x', 65_535) })).Accepted);
    }

    [Fact]
    public async Task Many_threads_append_and_every_event_is_there_once_in_its_threads_order()
    {
        using var log = EventLog.Open(_folder["log"], new EventLogOptions { SegmentBytes = 1 << 16 });
        await Task.WhenAll(Enumerable.Range(0, 4).Select(t => Task.Run(async () =>
        {
            for (int i = 0; i < 200; i++)
            {
                InteractionEvent[] batch = [.. Events.Make((t * 10_000) + (i * 10), 10)];
                await log.AppendAsync(batch);
                if (i % 3 == 0)
                {
                    Assert.Equal(10, (await log.AppendAsync(batch)).Duplicates);
                }
            }
        })));
        var all = Events.All(log).ConvertAll(e => (int)e.Value);
        Assert.Equal(8000, all.Count);
        for (int t = 0; t < 4; t++)
        {
            Assert.Equal(Enumerable.Range(t * 10_000, 2000), all.Where(v => v / 10_000 == t));
        }
    }

    [Fact]
    public void Options_out_of_range_are_refused()
    {
        Assert.Throws<InvalidOptionException>(() => EventLog.Open(_folder["log"], new EventLogOptions { SegmentBytes = 1 }));
        Assert.Throws<InvalidOptionException>(() => EventLog.Open(_folder["log"], new EventLogOptions { DedupEvents = -1 }));
        Assert.False(Directory.Exists(_folder["log"]));
    }
}
