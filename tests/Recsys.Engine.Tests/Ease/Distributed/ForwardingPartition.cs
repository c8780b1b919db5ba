using System.Runtime.InteropServices;
using Recsys.Engine.Ease.Distributed;

namespace Recsys.Engine.Tests.Ease.Distributed;

/// <summary>
/// Stands before a partition as if it were in another process: blocks pass as bytes, a few rows or blocks at a time, and
/// every call goes through <see cref="CallAsync"/>.
/// </summary>
internal abstract class ForwardingPartition(Func<EasePartition> target) : IEasePartition
{
    protected EasePartition Target => target();

    public Task<EaseReport> BeginAsync(EasePlan plan, int attempt, bool fresh, CancellationToken cancellationToken) =>
        CallAsync("begin", () => Target.BeginAsync(plan with { }, attempt, fresh, default));

    public Task<EaseReport> StartAsync(EaseStep step, CancellationToken cancellationToken) =>
        CallAsync($"start {step.Phase}", () => Target.StartAsync(step with { }, default));

    public Task<EaseReport> ReportAsync(int waitMilliseconds, CancellationToken cancellationToken) =>
        CallAsync("report", () => Target.ReportAsync(Math.Min(10, waitMilliseconds), default));

    public async ValueTask<PanelBlock?> GetPivotAsync(
        string training, int attempt, int pivot, int waitMilliseconds, CancellationToken cancellationToken) =>
        await CallAsync("pivot", async () => Copy(await Target.GetPivotAsync(training, attempt, pivot, Math.Min(10, waitMilliseconds), default)));

    public async ValueTask<PanelBlock?> GetPanelAsync(
        string training, int attempt, int pivot, int first, int count, int waitMilliseconds, CancellationToken cancellationToken) =>
        await CallAsync("panel", async () => Copy(await Target.GetPanelAsync(training, attempt, pivot, first, Math.Min(3, count), Math.Min(10, waitMilliseconds), default)));

    public async ValueTask<PanelBlock> GetColumnsAsync(
        string training, int attempt, EaseStage stage, int firstRow, int maxRows, int columns, CancellationToken cancellationToken) =>
        await CallAsync("columns", async () => Copy(await Target.GetColumnsAsync(training, attempt, stage, firstRow, Math.Min(50, maxRows), columns, default))!);

    public Task<float[]> GetDiagonalAsync(string training, int attempt, CancellationToken cancellationToken) =>
        CallAsync("diagonal", async () => (await Target.GetDiagonalAsync(training, attempt, default)).ToArray());

    public async Task EndAsync(string training, int attempt, bool deleteCheckpoints, CancellationToken cancellationToken) =>
        await CallAsync("end", async () =>
        {
            await Target.EndAsync(training, attempt, deleteCheckpoints, default);
            return true;
        });

    protected abstract Task<T> CallAsync<T>(string name, Func<Task<T>> call);

    private static PanelBlock? Copy(PanelBlock? block)
    {
        if (block is null)
        {
            return null;
        }

        byte[] bytes = new byte[block.Bytes];
        block.CopyTo(bytes);
        return PanelBlock.Copy(block.First, block.Rows, block.Columns, MemoryMarshal.Cast<byte, float>(bytes));
    }
}
