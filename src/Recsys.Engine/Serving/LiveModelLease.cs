namespace Recsys.Engine.Serving;

/// <summary>Holds one version of a model for the time of a request.</summary>
internal readonly struct LiveModelLease(LiveModel live) : IDisposable
{
    public LiveModel Live => live;

    public void Dispose() => live.Release();
}
