using System.Net;
using System.Net.Sockets;

namespace Recsys.Grains.Transport;

/// <summary>Sockets as the transport wants them.</summary>
internal static class TcpSockets
{
    public static Socket Create(EndPoint endPoint) => new(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);

    /// <summary>No waiting for more to send; a peer that vanished is noticed after some minutes without a word.</summary>
    public static Socket Prepare(this Socket socket)
    {
        socket.NoDelay = true;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 90);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 30);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 10);
        return socket;
    }
}
