using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Recsys.Grains.Transport;

/// <summary>Listens for silos and clients.</summary>
internal sealed class TcpListenerFactory : IConnectionListenerFactory
{
    /// <inheritdoc/>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        new(TcpConnectionListener.Bind(endpoint));
}
