using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Recsys.Grains.Transport;

namespace Recsys.Cluster.Tests.Transport;

/// <summary>Both ends of a connection over a socket of this machine.</summary>
internal sealed class TcpEnds : IAsyncDisposable
{
    /// <summary>Much longer than anything here takes: what is not done by then hangs.</summary>
    public static readonly TimeSpan Hangs = TimeSpan.FromSeconds(30);

    private readonly IConnectionListener _listener;

    private TcpEnds(IConnectionListener listener, ConnectionContext connected, ConnectionContext accepted)
    {
        _listener = listener;
        Connected = connected;
        Accepted = accepted;
    }

    public ConnectionContext Connected { get; }

    public ConnectionContext Accepted { get; }

    public static ValueTask<IConnectionListener> ListenAsync() => new TcpListenerFactory().BindAsync(new IPEndPoint(IPAddress.Loopback, 0));

    public static async Task<TcpEnds> ConnectAsync()
    {
        var listener = await ListenAsync();
        var accepting = listener.AcceptAsync();
        var connected = await new TcpConnectionFactory().ConnectAsync(listener.EndPoint);
        return new TcpEnds(listener, connected, (await accepting)!);
    }

    /// <summary>The end that connected, or the one that accepted, and the other.</summary>
    public (ConnectionContext One, ConnectionContext Other) From(bool connected) => connected ? (Connected, Accepted) : (Accepted, Connected);

    public async ValueTask DisposeAsync()
    {
        Connected.Abort();
        Accepted.Abort();
        await Connected.DisposeAsync().AsTask().WaitAsync(Hangs);
        await Accepted.DisposeAsync().AsTask().WaitAsync(Hangs);
        await _listener.DisposeAsync();
    }

    /// <summary>Bytes that are not alike at any shift.</summary>
    public static byte[] Bytes(int count, int seed)
    {
        byte[] bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>Writes in pieces of different sizes.</summary>
    public static async Task WriteAsync(PipeWriter writer, byte[] bytes)
    {
        int piece = 1;
        for (int at = 0; at < bytes.Length; at += piece)
        {
            piece = Math.Min(piece * 3 % 200_003, bytes.Length - at);
            var flushed = await writer.WriteAsync(bytes.AsMemory(at, piece)).AsTask().WaitAsync(Hangs);
            Assert.False(flushed.IsCompleted || flushed.IsCanceled);
        }
    }

    /// <summary>Reads as many bytes, looking at all there is and taking nothing until all is there: what a large message does.</summary>
    public static async Task<byte[]> ReadWholeAsync(PipeReader reader, int count)
    {
        while (true)
        {
            var read = await reader.ReadAsync().AsTask().WaitAsync(Hangs);
            if (read.Buffer.Length >= count)
            {
                byte[] bytes = read.Buffer.Slice(0, count).ToArray();
                reader.AdvanceTo(read.Buffer.GetPosition(count));
                return bytes;
            }

            Assert.False(read.IsCompleted, "the connection ended early");
            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    /// <summary>Reads to the end, taking what is there.</summary>
    public static async Task<byte[]> ReadToEndAsync(PipeReader reader)
    {
        using var all = new MemoryStream();
        while (true)
        {
            var read = await reader.ReadAsync().AsTask().WaitAsync(Hangs);
            foreach (var segment in read.Buffer)
            {
                all.Write(segment.Span);
            }

            reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return all.ToArray();
            }
        }
    }

    /// <summary>Writes until the writer has to wait, and gives what was written and the write that waits.</summary>
    public static async Task<(int Written, Task<FlushResult> Waiting)> FillAsync(PipeWriter writer, byte[] bytes)
    {
        const int Piece = 1 << 16;
        for (int at = 0; at + Piece <= bytes.Length; at += Piece)
        {
            var flush = writer.WriteAsync(bytes.AsMemory(at, Piece)).AsTask();
            if (await Task.WhenAny(flush, Task.Delay(500)) != flush)
            {
                return (at + Piece, flush);
            }
        }

        throw new InvalidOperationException($"{bytes.Length:N0} bytes were taken that nobody reads.");
    }

    /// <summary>Waits for the end that <see cref="ConnectionContext.ConnectionClosed"/> tells.</summary>
    public static async Task ClosedAsync(ConnectionContext connection)
    {
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = connection.ConnectionClosed.Register(closed.SetResult);
        await closed.Task.WaitAsync(Hangs);
    }

    /// <summary>A socket on which nothing of this transport works.</summary>
    public static Socket Plain() => new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
}
