using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Recsys.Grains.Transport;

namespace Recsys.Cluster.Tests.Transport;

public sealed class TcpConnectionTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(4_097)]
    [InlineData(1_000_003)]
    [InlineData(40_000_000)]
    public async Task Bytes_arrive_as_they_were_sent_in_both_directions_at_once(int count)
    {
        await using var ends = await TcpEnds.ConnectAsync();
        byte[] there = TcpEnds.Bytes(count, 1), back = TcpEnds.Bytes(count, 2);
        var (sent, answered) = (TcpEnds.WriteAsync(ends.Connected.Transport.Output, there), TcpEnds.WriteAsync(ends.Accepted.Transport.Output, back));
        var (arrived, returned) = (TcpEnds.ReadWholeAsync(ends.Accepted.Transport.Input, count), TcpEnds.ReadWholeAsync(ends.Connected.Transport.Input, count));
        await Task.WhenAll(sent, answered, arrived, returned);
        Same(there, await arrived);
        Same(back, await returned);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_writer_waits_for_a_reader_that_does_not_read_and_goes_on_with_it(bool connected)
    {
        await using var ends = await TcpEnds.ConnectAsync();
        var (writer, reader) = ends.From(connected);
        byte[] bytes = TcpEnds.Bytes(64 << 20, 3);

        // 4 MiB at each end, and what the system holds between.
        var (written, waiting) = await TcpEnds.FillAsync(writer.Transport.Output, bytes);
        Assert.InRange(written, 1, 40 << 20);
        byte[] arrived = await TcpEnds.ReadWholeAsync(reader.Transport.Input, written);
        Assert.False((await waiting.WaitAsync(TcpEnds.Hangs)).IsCompleted);
        Same(bytes[..written], arrived);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_abort_ends_what_waits_at_both_ends_and_tells_both(bool connected)
    {
        await using var ends = await TcpEnds.ConnectAsync();
        var (one, other) = ends.From(connected);
        var reads = (One: one.Transport.Input.ReadAsync().AsTask(), Other: other.Transport.Input.ReadAsync().AsTask());
        one.Abort(new ConnectionAbortedException("enough"));
        var error = await Assert.ThrowsAsync<ConnectionAbortedException>(() => reads.One.WaitAsync(TcpEnds.Hangs));
        Assert.Equal("enough", error.Message);
        await EndedAsync(reads.Other);
        await TcpEnds.ClosedAsync(one);
        await TcpEnds.ClosedAsync(other);
    }

    [Fact]
    public async Task An_abort_ends_a_write_that_waits_for_a_reader_and_a_read_into_a_full_pipe()
    {
        await using var ends = await TcpEnds.ConnectAsync();
        byte[] bytes = TcpEnds.Bytes(64 << 20, 4);
        var (_, waiting) = await TcpEnds.FillAsync(ends.Connected.Transport.Output, bytes);
        ends.Connected.Abort();
        Assert.True((await waiting.WaitAsync(TcpEnds.Hangs)).IsCompleted);
        await TcpEnds.ClosedAsync(ends.Connected);
        await ends.Connected.DisposeAsync().AsTask().WaitAsync(TcpEnds.Hangs);
        ends.Accepted.Abort();
        await TcpEnds.ClosedAsync(ends.Accepted);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_end_that_is_disposed_delivers_what_was_flushed_before(bool connected)
    {
        await using var ends = await TcpEnds.ConnectAsync();
        var (one, other) = ends.From(connected);
        byte[] bytes = TcpEnds.Bytes(3 << 20, 5);
        await TcpEnds.WriteAsync(one.Transport.Output, bytes);
        var disposed = one.DisposeAsync().AsTask();
        await Task.Delay(100);
        Same(bytes, await TcpEnds.ReadToEndAsync(other.Transport.Input));
        await disposed.WaitAsync(TcpEnds.Hangs);
        Assert.True(one.ConnectionClosed.IsCancellationRequested);
        await TcpEnds.ClosedAsync(other);
    }

    [Fact]
    public async Task An_end_that_is_disposed_does_not_wait_for_a_peer_that_never_reads()
    {
        await using var listener = await TcpEnds.ListenAsync();
        var socket = TcpEnds.Plain();
        await socket.ConnectAsync(listener.EndPoint);
        await using var silent = (await listener.AcceptAsync())!;
        var impatient = new TcpConnection(socket) { Patience = TimeSpan.FromMilliseconds(200) }.Start();
        var (_, waiting) = await TcpEnds.FillAsync(impatient.Transport.Output, TcpEnds.Bytes(64 << 20, 6));
        await impatient.DisposeAsync().AsTask().WaitAsync(TcpEnds.Hangs);
        Assert.True(waiting.IsCompleted);
        Assert.True(impatient.ConnectionClosed.IsCancellationRequested);
    }

    [Fact]
    public async Task A_connection_that_never_began_can_be_disposed()
    {
        using var listener = TcpEnds.Plain();
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var socket = TcpEnds.Plain();
        await socket.ConnectAsync(listener.LocalEndPoint!);
        await new TcpConnection(socket).DisposeAsync().AsTask().WaitAsync(TcpEnds.Hangs);
        Assert.Throws<ObjectDisposedException>(() => socket.Available);
    }

    [Fact]
    public async Task A_peer_that_resets_is_told_to_the_reader_and_a_writer_is_told_that_nobody_reads()
    {
        await using var listener = await TcpEnds.ListenAsync();
        using var peer = TcpEnds.Plain();
        await peer.ConnectAsync(listener.EndPoint);
        await using var accepted = (await listener.AcceptAsync())!;
        var read = accepted.Transport.Input.ReadAsync().AsTask();
        peer.Close(0);
        await Assert.ThrowsAsync<ConnectionResetException>(() => read.WaitAsync(TcpEnds.Hangs));
        await TcpEnds.ClosedAsync(accepted);
        FlushResult flushed;
        do
        {
            flushed = await accepted.Transport.Output.WriteAsync(new byte[1000]).AsTask().WaitAsync(TcpEnds.Hangs);
        }
        while (!flushed.IsCompleted);
    }

    [Fact]
    public async Task Whoever_throws_when_told_of_the_end_harms_nobody_else()
    {
        await using var ends = await TcpEnds.ConnectAsync();
        ends.Connected.ConnectionClosed.Register(() => throw new InvalidOperationException("not mine"));
        var told = TcpEnds.ClosedAsync(ends.Connected);
        ends.Connected.ConnectionClosed.Register(() => throw new InvalidOperationException("nor mine"));
        ends.Accepted.Abort();
        await told;
        await ends.Connected.DisposeAsync().AsTask().WaitAsync(TcpEnds.Hangs);
    }

    [Fact]
    public async Task Both_ends_may_end_in_any_order_with_whatever_is_under_way()
    {
        var unobserved = new List<Exception>();
        void Note(object? sender, UnobservedTaskExceptionEventArgs e)
        {
            if (e.Exception.ToString().Contains(nameof(TcpConnection), StringComparison.Ordinal))
            {
                unobserved.Add(e.Exception);
            }
        }

        TaskScheduler.UnobservedTaskException += Note;
        var random = new Random(7);
        for (int round = 0; round < 100; round++)
        {
            await using var ends = await TcpEnds.ConnectAsync();
            var acts = new[] { ends.Connected, ends.Accepted }.SelectMany(end => Acts(end)).OrderBy(_ => random.Next()).ToArray();
            int[] pauses = [.. acts.Select(_ => random.Next(4))];
            await Task.WhenAll(acts.Select((act, i) => Task.Run(async () =>
            {
                Thread.SpinWait(pauses[i] * 2000);
                await act();
            }))).WaitAsync(TcpEnds.Hangs);
            await TcpEnds.ClosedAsync(ends.Connected);
            await TcpEnds.ClosedAsync(ends.Accepted);
        }

        GC.Collect();
        GC.WaitForPendingFinalizers();
        TaskScheduler.UnobservedTaskException -= Note;
        Assert.Empty(unobserved);

        IEnumerable<Func<Task>> Acts(ConnectionContext end)
        {
            byte[] bytes = TcpEnds.Bytes(300_000, 8);
            yield return () => Quietly(() => TcpEnds.ReadToEndAsync(end.Transport.Input));
            yield return () => Quietly(() => TcpEnds.WriteAsync(end.Transport.Output, bytes));
            int way = random.Next(4);
            if (way is 0 or 1)
            {
                yield return () => Task.Run(end.Abort);
            }

            if (way is 1 or 2)
            {
                yield return () => end.DisposeAsync().AsTask();
            }

            if (way is 3)
            {
                yield return async () =>
                {
                    await end.DisposeAsync();
                    end.Abort();
                    await end.DisposeAsync();
                };
            }
        }
    }

    private static void Same(byte[] expected, byte[] actual) => Assert.True(expected.AsSpan().SequenceEqual(actual));

    /// <summary>What reads or writes a connection that ends is told so, in one way or another; only hanging is wrong.</summary>
    private static async Task Quietly(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception e) when (e is not TimeoutException)
        {
        }
    }

    private static async Task EndedAsync(Task<ReadResult> read)
    {
        try
        {
            Assert.True((await read.WaitAsync(TcpEnds.Hangs)).IsCompleted);
        }
        catch (ConnectionResetException)
        {
        }
    }
}
