using Microsoft.Extensions.Hosting;

namespace Recsys.Api.Hosting;

/// <summary>Leaves signals to the program that hosts the service.</summary>
internal sealed class NoLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
