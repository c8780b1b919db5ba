namespace Recsys.Engine.Ease.Distributed;

/// <summary>What a partition has moved and spent in one attempt.</summary>
/// <param name="PanelBytes">
/// Panels and pivot blocks fetched from partitions of other hosts. What one host fetches for several partitions is counted
/// once, by the one that asked first.
/// </param>
/// <param name="ExchangeBytes">Columns of the inverse fetched from partitions of other hosts.</param>
/// <param name="CheckpointBytes">Bytes written to checkpoints.</param>
/// <param name="WorkSeconds">Time spent computing.</param>
/// <param name="WaitSeconds">Time spent waiting for others.</param>
/// <param name="CheckpointSeconds">Time spent writing checkpoints.</param>
public sealed record EaseCosts(
    long PanelBytes, long ExchangeBytes, long CheckpointBytes, double WorkSeconds, double WaitSeconds, double CheckpointSeconds)
{
    /// <summary>The sum of two.</summary>
    public static EaseCosts operator +(EaseCosts a, EaseCosts b) => new(
        a.PanelBytes + b.PanelBytes,
        a.ExchangeBytes + b.ExchangeBytes,
        a.CheckpointBytes + b.CheckpointBytes,
        a.WorkSeconds + b.WorkSeconds,
        a.WaitSeconds + b.WaitSeconds,
        a.CheckpointSeconds + b.CheckpointSeconds);
}
