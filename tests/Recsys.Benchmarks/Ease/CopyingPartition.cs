using System.Buffers;
using System.Runtime.InteropServices;
using Recsys.Engine.Ease.Distributed;

namespace Recsys.Benchmarks.Ease;

/// <summary>Stands before a partition and copies every block out and in again, as a serializer does.</summary>
internal sealed class CopyingPartition(Func<EasePartition> target) : IEasePartition
{
    public Task<EaseReport> BeginAsync(EasePlan plan, int attempt, bool fresh, CancellationToken cancellationToken) =>
        target().BeginAsync(plan, attempt, fresh, cancellationToken);

    public Task<EaseReport> StartAsync(EaseStep step, CancellationToken cancellationToken) => target().StartAsync(step, cancellationToken);

    public Task<EaseReport> ReportAsync(int waitMilliseconds, CancellationToken cancellationToken) =>
        target().ReportAsync(waitMilliseconds, cancellationToken);

    public async ValueTask<PanelBlock?> GetPivotAsync(
        string training, int attempt, int pivot, int waitMilliseconds, CancellationToken cancellationToken) =>
        Copy(await target().GetPivotAsync(training, attempt, pivot, waitMilliseconds, cancellationToken));

    public async ValueTask<PanelBlock?> GetPanelAsync(
        string training, int attempt, int pivot, int first, int count, int waitMilliseconds, CancellationToken cancellationToken) =>
        Copy(await target().GetPanelAsync(training, attempt, pivot, first, count, waitMilliseconds, cancellationToken));

    public async ValueTask<PanelBlock> GetColumnsAsync(
        string training, int attempt, EaseStage stage, int firstRow, int maxRows, int columns, CancellationToken cancellationToken) =>
        Copy(await target().GetColumnsAsync(training, attempt, stage, firstRow, maxRows, columns, cancellationToken))!;

    public Task<float[]> GetDiagonalAsync(string training, int attempt, CancellationToken cancellationToken) =>
        target().GetDiagonalAsync(training, attempt, cancellationToken);

    public Task EndAsync(string training, int attempt, bool deleteCheckpoints, CancellationToken cancellationToken) =>
        target().EndAsync(training, attempt, deleteCheckpoints, cancellationToken);

    private static PanelBlock? Copy(PanelBlock? block)
    {
        if (block is null)
        {
            return null;
        }

        byte[] bytes = ArrayPool<byte>.Shared.Rent((int)block.Bytes);
        block.CopyTo(bytes);
        var values = MemoryMarshal.Cast<byte, float>(bytes.AsSpan(0, (int)block.Bytes));
        var copy = PanelBlock.Copy(block.First, block.Rows, block.Columns, values);
        ArrayPool<byte>.Shared.Return(bytes);
        return copy;
    }
}
