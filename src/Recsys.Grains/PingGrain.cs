using Orleans.Runtime;

namespace Recsys.Grains;

/// <inheritdoc cref="IPingGrain"/>
internal sealed class PingGrain(ILocalSiloDetails silo) : Grain, IPingGrain
{
    public Task<string> WhereAsync() => Task.FromResult(silo.SiloAddress.ToString());
}
