using Recsys.Engine.Ease.Distributed;
using Recsys.Grains.Placement;

namespace Recsys.Grains.Training;

/// <inheritdoc cref="IEasePartitionGrain"/>
[SpreadPlacement]
[CollectionAgeLimit(Minutes = 30)]
internal sealed class EasePartitionGrain(TrainingSite silo, TrainingHooks hooks) : PartitionGrain(silo), IEasePartitionGrain
{
    private Task<EasePartition>? _opening;

    /// <summary>The partition, where it is open.</summary>
    private EasePartition? Open => _opening is { IsCompletedSuccessfully: true } ? _opening.Result : null;

    public async Task<EaseReport> BeginAsync(EasePlan plan, int attempt, bool fresh)
    {
        Heard();
        if (_opening is null or { IsFaulted: true } or { IsCanceled: true })
        {
            Join();
            _opening = Task.Run(OpenAsync);
        }

        // The data is read first, which may take longer than a call: the caller asks again.
        return await WithinAsync(_opening)
            ? await (await _opening).BeginAsync(plan, attempt, fresh, Life.Token)
            : throw new TimeoutException($"partition {Key} is reading its data");
    }

    public async Task<EaseReport> StartAsync(EaseStep step)
    {
        Heard();
        await hooks.EaseStepAsync(Key, step);
        return Open is { } partition ? await partition.StartAsync(step, Life.Token) : Empty();
    }

    public async Task<EaseReport> ReportAsync(int waitMilliseconds)
    {
        Heard();
        return Open is { } partition ? await partition.ReportAsync(waitMilliseconds, Life.Token) : Empty();
    }

    public ValueTask<PanelBlock?> GetPivotAsync(string training, int attempt, int pivot, int waitMilliseconds) =>
        Open?.GetPivotAsync(training, attempt, pivot, waitMilliseconds, Life.Token) ?? NotYetAsync(waitMilliseconds);

    public ValueTask<PanelBlock?> GetPanelAsync(string training, int attempt, int pivot, int first, int count, int waitMilliseconds) =>
        Open?.GetPanelAsync(training, attempt, pivot, first, count, waitMilliseconds, Life.Token) ?? NotYetAsync(waitMilliseconds);

    public ValueTask<PanelBlock> GetColumnsAsync(string training, int attempt, EaseStage stage, int firstRow, int maxRows, int columns) =>
        Open?.GetColumnsAsync(training, attempt, stage, firstRow, maxRows, columns, Life.Token) ?? throw Lost();

    public Task<float[]> GetDiagonalAsync(string training, int attempt) =>
        Open?.GetDiagonalAsync(training, attempt, Life.Token) ?? throw Lost();

    public Task EndAsync(string training, int attempt, bool deleteCheckpoints) =>
        Open?.EndAsync(training, attempt, deleteCheckpoints, CancellationToken.None) ?? Task.CompletedTask;

    protected override async Task StopAsync()
    {
        if (_opening is not null)
        {
            await ((Task)_opening).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }

        if (Open is { } partition)
        {
            await partition.DisposeAsync();
        }
    }

    private async Task<EasePartition> OpenAsync()
    {
        var site = await Silo.EaseAsync(Key.Training);
        TrainingMeter.Opened.Add(1);
        return new EasePartition(Key.Index, site.Host, site.Partitions);
    }

    private async ValueTask<PanelBlock?> NotYetAsync(int waitMilliseconds)
    {
        await Task.Delay(Math.Min(waitMilliseconds, 20));
        return null;
    }

    private EaseReport Empty() => new(Key.Index, "", 0, EaseStage.Empty, 0, false);

    private PartitionUnreachableException Lost() => new($"EASE: partition {Key} has lost its columns");
}
