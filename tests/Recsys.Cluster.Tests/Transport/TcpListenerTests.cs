using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Orleans.Networking.Shared;
using Recsys.Grains.Transport;

namespace Recsys.Cluster.Tests.Transport;

public sealed class TcpListenerTests : IAsyncLifetime
{
    private readonly List<ConnectionContext> _waiting = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var connection in _waiting)
        {
            connection.Abort();
            await connection.DisposeAsync();
        }
    }

    [Fact]
    public async Task Both_ends_know_each_other_and_have_names_of_their_own()
    {
        await using var ends = await TcpEnds.ConnectAsync();
        Assert.Equal(ends.Connected.LocalEndPoint, ends.Accepted.RemoteEndPoint);
        Assert.Equal(ends.Connected.RemoteEndPoint, ends.Accepted.LocalEndPoint);
        Assert.NotEqual(ends.Connected.ConnectionId, ends.Accepted.ConnectionId);
    }

    [Fact]
    public async Task Connecting_to_a_port_nobody_listens_on_fails_and_names_it()
    {
        var listener = await TcpEnds.ListenAsync();
        var endPoint = listener.EndPoint;
        await listener.DisposeAsync();
        var error = await Assert.ThrowsAsync<SocketConnectionException>(() => new TcpConnectionFactory().ConnectAsync(endPoint).AsTask());
        Assert.Contains(endPoint.ToString()!, error.Message, StringComparison.Ordinal);
        Assert.IsType<SocketException>(error.InnerException);
    }

    [Fact]
    public async Task Connecting_can_be_cancelled()
    {
        // Nobody accepts: each connection takes one of the few places to wait for that, until a further one hangs.
        using var full = TcpEnds.Plain();
        full.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        full.Listen(1);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            for (int i = 0; i < 20; i++)
            {
                using var cancel = new CancellationTokenSource(100);
                var connected = await new TcpConnectionFactory().ConnectAsync(full.LocalEndPoint!, cancel.Token).AsTask().WaitAsync(TcpEnds.Hangs);
                _waiting.Add(connected);
            }
        });
    }

    [Fact]
    public async Task A_port_in_use_is_not_shared()
    {
        await using var first = await TcpEnds.ListenAsync();
        var error = await Assert.ThrowsAsync<AddressInUseException>(async () => await new TcpListenerFactory().BindAsync(first.EndPoint));
        Assert.StartsWith($"{first.EndPoint}:", error.Message);
    }

    [Fact]
    public async Task A_port_can_be_had_again_while_the_system_still_remembers_its_connections()
    {
        var ends = await TcpEnds.ConnectAsync();
        var endPoint = ends.Accepted.LocalEndPoint!;
        await ends.Accepted.DisposeAsync();
        await TcpEnds.ReadToEndAsync(ends.Connected.Transport.Input);
        await ends.Connected.DisposeAsync();
        await ends.DisposeAsync();
        Assert.Contains(
            IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpConnections(),
            c => c.State == TcpState.TimeWait && c.LocalEndPoint.Port == ((IPEndPoint)endPoint).Port);
        await using var again = await new TcpListenerFactory().BindAsync(endPoint);
        Assert.Equal(endPoint, again.EndPoint);
    }

    [Fact]
    public async Task Nothing_is_accepted_any_more_when_unbound()
    {
        await using var listener = await TcpEnds.ListenAsync();
        var accepting = listener.AcceptAsync().AsTask();
        await listener.UnbindAsync();
        Assert.Null(await accepting.WaitAsync(TcpEnds.Hangs));
        Assert.Null(await listener.AcceptAsync());
    }

    [Fact]
    public async Task Accepting_can_be_cancelled()
    {
        await using var listener = await TcpEnds.ListenAsync();
        using var cancel = new CancellationTokenSource();
        var accepting = listener.AcceptAsync(cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => accepting.WaitAsync(TcpEnds.Hangs));
    }

    [Fact]
    public async Task Those_who_connect_and_are_gone_at_once_keep_nobody_else_out()
    {
        await using var listener = await TcpEnds.ListenAsync();
        for (int i = 0; i < 20; i++)
        {
            using var gone = TcpEnds.Plain();
            await gone.ConnectAsync(listener.EndPoint);
            gone.Close(0);
        }

        await using var connected = await new TcpConnectionFactory().ConnectAsync(listener.EndPoint);
        ConnectionContext? accepted = null;
        while (accepted is null || !connected.LocalEndPoint!.Equals(accepted.RemoteEndPoint))
        {
            if (accepted is not null)
            {
                await TcpEnds.ClosedAsync(accepted);
                await accepted.DisposeAsync();
            }

            accepted = await listener.AcceptAsync().AsTask().WaitAsync(TcpEnds.Hangs);
        }

        await TcpEnds.WriteAsync(connected.Transport.Output, [1, 2, 3]);
        Assert.Equal([1, 2, 3], await TcpEnds.ReadWholeAsync(accepted.Transport.Input, 3));
        await accepted.DisposeAsync();
    }
}
