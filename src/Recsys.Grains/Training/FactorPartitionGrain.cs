using Recsys.Engine.Als;
using Recsys.Grains.Placement;
using Recsys.Grains.Wire;

namespace Recsys.Grains.Training;

/// <inheritdoc cref="IFactorPartitionGrain"/>
[SpreadPlacement]
[CollectionAgeLimit(Minutes = 30)]
internal sealed class FactorPartitionGrain(TrainingSite silo, TrainingHooks hooks) : PartitionGrain(silo), IFactorPartitionGrain
{
    private readonly (int Phase, Task<FactorAnswer>? Task)[] _steps = new (int, Task<FactorAnswer>?)[Enum.GetValues<FactorStepKind>().Length];
    private AlsSite? _site;
    private Task<StoredFactorPartition>? _partition;

    public async Task<FactorAnswer> StepAsync(FactorStepKind kind, int phase)
    {
        Heard();
        var opened = OpenAsync();
        if (!await WithinAsync(opened))
        {
            return UnderWay();
        }

        var partition = await opened;
        var step = _steps[(int)kind];
        if (step.Task is null or { IsFaulted: true } or { IsCanceled: true } || step.Phase != phase)
        {
            // Off the grain's scheduler: what comes is copying and waiting, and calls are to be answered meanwhile.
            step = (phase, Task.Run(() => RunAsync(partition, kind, phase)));
            _steps[(int)kind] = step;
        }

        if (!await WithinAsync(step.Task))
        {
            return UnderWay();
        }

        if (kind == FactorStepKind.Restore)
        {
            // Its factors may have been replaced: what was done with others is not done, and it may be told so again.
            Array.Clear(_steps);
        }

        try
        {
            return await step.Task;
        }
        catch (PartitionBehindException e)
        {
            return new FactorAnswer { Done = true, Silo = Silo.SiloName, Behind = e.Message };
        }
    }

    public async ValueTask<FactorRows> GetWhitenedAsync(int phase, int block, int firstRow, int maxRows)
    {
        var partition = await OpenAsync();
        maxRows = Math.Min(maxRows, WireLimits.MaxBlockBytes / sizeof(float) / _site!.Run.Options.Factors);
        try
        {
            return new FactorRows(await partition.GetWhitenedAsync(phase, block, firstRow, maxRows, Life.Token), Silo.SiloName);
        }
        catch (PartitionBehindException)
        {
            return new FactorRows(null, Silo.SiloName);
        }
    }

    /// <inheritdoc/>
    protected override Task KeepAsync(CancellationToken cancellationToken) =>
        _partition is { IsCompletedSuccessfully: true } ? _partition.Result.SaveAsync(cancellationToken) : Task.CompletedTask;

    private Task<StoredFactorPartition> OpenAsync()
    {
        if (_partition is null or { IsFaulted: true } or { IsCanceled: true })
        {
            Join();
            _partition = LoadAsync();
        }

        return _partition;
    }

    private async Task<StoredFactorPartition> LoadAsync()
    {
        _site ??= await Silo.AlsAsync(Key.Training);
        var partition = await Task.Run(() => _site.OpenPartitionAsync(Key.Kind, Key.Index, Life.Token));
        TrainingMeter.Opened.Add(1);
        return partition;
    }

    private async Task<FactorAnswer> RunAsync(StoredFactorPartition partition, FactorStepKind kind, int phase)
    {
        var site = _site!;
        var answer = new FactorAnswer { Done = true, Silo = Silo.SiloName };
        await hooks.StepAsync(Key, kind, phase);
        switch (kind)
        {
            case FactorStepKind.Whiten:
                await partition.WhitenAsync(phase, await site.BasisAsync(phase, Life.Token), Life.Token);
                return answer;
            case FactorStepKind.Solve:
                var basis = await site.BasisAsync(phase, Life.Token);
                var report = await partition.SolveAsync(site.HalfEpoch(phase), basis, Life.Token);
                return answer with { Report = report, Received = site.Received(phase) };
            case FactorStepKind.Gram:
                return answer with { Grams = await partition.GramAsync(phase, Life.Token) };
            case FactorStepKind.Restore:
                await partition.RestoreAsync(phase, Life.Token);
                return answer;
            default:
                return answer;
        }
    }

    private FactorAnswer UnderWay() => new() { Silo = Silo.SiloName };
}
