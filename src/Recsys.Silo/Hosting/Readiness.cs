using Orleans.Runtime;

namespace Recsys.Silo.Hosting;

/// <summary>Whether this silo should get requests.</summary>
internal sealed class Readiness
{
    private volatile bool _draining;
    private volatile bool _known;

    /// <summary>Whether the silo is about to leave.</summary>
    public bool Draining => _draining;

    /// <summary>The silo is about to leave: no new requests.</summary>
    public void Drain() => _draining = true;

    /// <summary>It is known which models there are (there may be none), and they are loaded.</summary>
    public void ModelsKnown() => _known = true;

    /// <summary>Whether the silo is a member, knows its models, and stays.</summary>
    public bool IsReady(ISiloStatusOracle silo) => !_draining && _known && silo.CurrentStatus == SiloStatus.Active;
}
