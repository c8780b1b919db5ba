using Orleans.Concurrency;
using Recsys.Engine.Ease.Distributed;

namespace Recsys.Grains.Training;

/// <summary>
/// Some block columns of a distributed EASE training. Key: <c>TRAINING/ease/03</c>. It wraps an Engine
/// <see cref="EasePartition"/>; <see cref="RemoteEasePartition"/> makes the address an <see cref="IEasePartition"/> again, whose
/// calls these are. None of them waits for work longer than it is told to.
/// </summary>
[Alias("recsys.ease-partition")]
public interface IEasePartitionGrain : IPartitionGrain
{
    /// <inheritdoc cref="IEasePartition.BeginAsync"/>
    [Alias("begin")]
    [AlwaysInterleave]
    Task<EaseReport> BeginAsync(EasePlan plan, int attempt, bool fresh);

    /// <inheritdoc cref="IEasePartition.StartAsync"/>
    [Alias("start")]
    [AlwaysInterleave]
    Task<EaseReport> StartAsync(EaseStep step);

    /// <inheritdoc cref="IEasePartition.ReportAsync"/>
    [Alias("report")]
    [AlwaysInterleave]
    Task<EaseReport> ReportAsync(int waitMilliseconds);

    /// <inheritdoc cref="IEasePartition.GetPivotAsync"/>
    [Alias("pivot")]
    [AlwaysInterleave]
    ValueTask<PanelBlock?> GetPivotAsync(string training, int attempt, int pivot, int waitMilliseconds);

    /// <inheritdoc cref="IEasePartition.GetPanelAsync"/>
    [Alias("panel")]
    [AlwaysInterleave]
    ValueTask<PanelBlock?> GetPanelAsync(string training, int attempt, int pivot, int first, int count, int waitMilliseconds);

    /// <inheritdoc cref="IEasePartition.GetColumnsAsync"/>
    [Alias("columns")]
    [AlwaysInterleave]
    ValueTask<PanelBlock> GetColumnsAsync(string training, int attempt, EaseStage stage, int firstRow, int maxRows, int columns);

    /// <inheritdoc cref="IEasePartition.GetDiagonalAsync"/>
    [Alias("diagonal")]
    [AlwaysInterleave]
    Task<float[]> GetDiagonalAsync(string training, int attempt);

    /// <inheritdoc cref="IEasePartition.EndAsync"/>
    [Alias("end")]
    [AlwaysInterleave]
    Task EndAsync(string training, int attempt, bool deleteCheckpoints);
}
