using Recsys.Engine.Ease.Distributed;

namespace Recsys.Grains.Training;

/// <summary>
/// A partition grain as the <see cref="IEasePartition"/> that training loop and other partitions know. They make calls again
/// by themselves; a grain whose silo is lost comes up elsewhere, empty, and says so.
/// </summary>
internal sealed class RemoteEasePartition(IEasePartitionGrain grain) : IEasePartition
{
    /// <summary>The address.</summary>
    public IEasePartitionGrain Grain => grain;

    /// <summary>Told of each report that comes.</summary>
    public Action<EaseReport>? Reported { get; init; }

    public Task<EaseReport> BeginAsync(EasePlan plan, int attempt, bool fresh, CancellationToken cancellationToken) =>
        TellAsync(grain.BeginAsync(plan, attempt, fresh));

    public Task<EaseReport> StartAsync(EaseStep step, CancellationToken cancellationToken) => TellAsync(grain.StartAsync(step));

    public Task<EaseReport> ReportAsync(int waitMilliseconds, CancellationToken cancellationToken) =>
        TellAsync(grain.ReportAsync(waitMilliseconds));

    public ValueTask<PanelBlock?> GetPivotAsync(
        string training, int attempt, int pivot, int waitMilliseconds, CancellationToken cancellationToken) =>
        grain.GetPivotAsync(training, attempt, pivot, waitMilliseconds);

    public ValueTask<PanelBlock?> GetPanelAsync(
        string training, int attempt, int pivot, int first, int count, int waitMilliseconds, CancellationToken cancellationToken) =>
        grain.GetPanelAsync(training, attempt, pivot, first, count, waitMilliseconds);

    public ValueTask<PanelBlock> GetColumnsAsync(
        string training, int attempt, EaseStage stage, int firstRow, int maxRows, int columns, CancellationToken cancellationToken) =>
        grain.GetColumnsAsync(training, attempt, stage, firstRow, maxRows, columns);

    public Task<float[]> GetDiagonalAsync(string training, int attempt, CancellationToken cancellationToken) =>
        grain.GetDiagonalAsync(training, attempt);

    public Task EndAsync(string training, int attempt, bool deleteCheckpoints, CancellationToken cancellationToken) =>
        grain.EndAsync(training, attempt, deleteCheckpoints);

    private async Task<EaseReport> TellAsync(Task<EaseReport> call)
    {
        var report = await call.ConfigureAwait(false);
        Reported?.Invoke(report);
        return report;
    }
}
