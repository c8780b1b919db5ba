using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Recsys.Grains.Transport;

/// <summary>A port on which silos or clients connect.</summary>
internal sealed class TcpConnectionListener : IConnectionListener
{
    private const int Backlog = 512;

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
        var socket = TcpSockets.Create(endPoint).Prepare();
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            if (endPoint is IPEndPoint { Address: var address } && address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true;
            }

            socket.Bind(endPoint);
            socket.Listen(Backlog);
            return new TcpConnectionListener(socket);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw e.SocketErrorCode == SocketError.AddressAlreadyInUse ? new AddressInUseException(e.Message, e) : e;
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
                return new TcpConnection(socket.Prepare()).Start();
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted })
            {
                return null; // no longer bound
            }
            catch (SocketException)
            {
                // Who wanted to connect is gone: the next one.
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
}
