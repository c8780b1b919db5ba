namespace Recsys.Engine.Ease.Distributed;

/// <summary>One attempt at a training, as a partition takes part in it.</summary>
internal sealed class EaseRun : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly IReadOnlyList<IEasePartition> _partitions;
    private readonly EaseHost _host;

    public EaseRun(EasePlan plan, int attempt, EaseHost host, IReadOnlyList<IEasePartition> partitions)
    {
        Plan = plan;
        Attempt = attempt;
        Layout = new EaseLayout(plan);
        _host = host;
        _partitions = partitions;
    }

    public EasePlan Plan { get; }

    public int Attempt { get; }

    public EaseLayout Layout { get; }

    /// <summary>Cancelled when the run is ended or a later attempt has begun.</summary>
    public CancellationToken Stopped => _stop.Token;

    /// <summary>How to reach a partition, and whether it is on this host.</summary>
    public (IEasePartition Partition, bool Local) Reach(int partition)
    {
        var local = _host.Local(partition);
        return local is null ? (_partitions[partition], false) : (local, true);
    }

    public bool Is(string training, int attempt) => Plan.Training == training && Attempt == attempt;

    public void Stop() => _stop.Cancel();

    public void Dispose() => _stop.Dispose();
}
