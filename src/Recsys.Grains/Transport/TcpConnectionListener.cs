using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Recsys.Grains.Transport;

/// <summary>A port on which silos or clients connect.</summary>
internal sealed class TcpConnectionListener : IConnectionListener
{
    private const int Backlog = 512;

    private static readonly TimeSpan AfterFailure = TimeSpan.FromMilliseconds(10);

    private readonly Socket _socket;

    private TcpConnectionListener(Socket socket)
    {
        _socket = socket;
        EndPoint = socket.LocalEndPoint!;
    }

    /// <inheritdoc/>
    public EndPoint EndPoint { get; }

    /// <summary>Binds and listens.</summary>
    /// <exception cref="AddressInUseException">Something else has the port.</exception>
    public static TcpConnectionListener Bind(EndPoint endPoint)
    {
        var socket = TcpSockets.Create(endPoint);
        try
        {
            if (endPoint is IPEndPoint { Address: var address } && address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true;
            }

            socket.Bind(endPoint);
            socket.Listen(Backlog);
            return new TcpConnectionListener(socket);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            socket.Dispose();
            throw new AddressInUseException($"{endPoint}: something else listens there", e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            try
            {
                var socket = await _socket.AcceptAsync(cancellationToken).ConfigureAwait(false);
                return Take(socket);
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted })
            {
                return null; // no longer bound
            }
            catch (SocketException)
            {
                // Who wanted to connect is gone: the next one. Where there is no room for more sockets, that takes a moment.
                await Task.Delay(AfterFailure, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => DisposeAsync();

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return default;
    }

    private static TcpConnection Take(Socket socket)
    {
        try
        {
            return new TcpConnection(socket.Prepare()).Start();
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
