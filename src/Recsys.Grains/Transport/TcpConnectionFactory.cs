using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Orleans.Networking.Shared;

namespace Recsys.Grains.Transport;

/// <summary>Connects to silos.</summary>
internal sealed class TcpConnectionFactory : IConnectionFactory
{
    /// <inheritdoc/>
    public async ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var socket = TcpSockets.Create(endpoint);
        try
        {
            // A connection that is aborted leaves nothing behind that would keep its port.
            socket.Prepare().LingerState = new LingerOption(true, 0);
            await socket.ConnectAsync(endpoint, cancellationToken).ConfigureAwait(false);
            return new TcpConnection(socket).Start();
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new SocketConnectionException($"Unable to connect to {endpoint}. Error: {e.SocketErrorCode}", e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
