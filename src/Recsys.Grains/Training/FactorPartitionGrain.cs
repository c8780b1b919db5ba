using Recsys.Engine.Als;
using Recsys.Grains.Placement;
using Recsys.Grains.Wire;

namespace Recsys.Grains.Training;

/// <inheritdoc cref="IFactorPartitionGrain"/>
[SpreadPlacement]
[CollectionAgeLimit(Minutes = 30)]
internal sealed class FactorPartitionGrain(TrainingSite silo, TrainingHooks hooks) : PartitionGrain(silo), IFactorPartitionGrain
{
    private readonly (FactorStep Step, Task<FactorAnswer>? Task)[] _steps = new (FactorStep, Task<FactorAnswer>?)[Enum.GetValues<FactorStepKind>().Length];
    private AlsSite? _site;
    private Task<StoredFactorPartition>? _partition;

    public async Task<FactorAnswer> StepAsync(FactorStep step)
    {
        Heard();
        var opened = OpenAsync();
        if (!await WithinAsync(opened))
        {
            return UnderWay();
        }

        var partition = await opened;
        var (known, work) = _steps[(int)step.Kind];
        if (work is null or { IsFaulted: true } or { IsCanceled: true } || known != step)
        {
            // Off the grain's scheduler: what comes is copying and waiting, and calls are to be answered meanwhile.
            work = Task.Run(() => RunAsync(partition, step));
            _steps[(int)step.Kind] = (step, work);
        }

        if (!await WithinAsync(work))
        {
            return UnderWay();
        }

        if (step.Kind == FactorStepKind.Restore)
        {
            // Its factors may have been replaced: what was done with others is not done.
            _steps[(int)FactorStepKind.Gram] = default;
        }

        try
        {
            return await work;
        }
        catch (PartitionBehindException e)
        {
            return new FactorAnswer { Done = true, Silo = Silo.SiloName, Behind = e.Message };
        }
    }

    public async ValueTask<FactorRows> GetWhitenedAsync(int phase, int block, int firstRow, int maxRows, RowSelection? wanted)
    {
        await hooks.RowsAsync(Key, phase);
        var partition = await OpenAsync();
        maxRows = Math.Min(maxRows, WireLimits.MaxBlockBytes / sizeof(float) / _site!.Run.Options.Factors);
        try
        {
            return new FactorRows(await partition.GetWhitenedAsync(phase, block, firstRow, maxRows, wanted, Life.Token), Silo.SiloName);
        }
        catch (PartitionBehindException)
        {
            return new FactorRows(null, Silo.SiloName);
        }
    }

    public async ValueTask<FactorRows> GetFactorsAsync(int block, int firstRow, int maxRows)
    {
        var partition = await OpenAsync();
        maxRows = Math.Min(maxRows, WireLimits.MaxBlockBytes / sizeof(float) / _site!.Run.Options.Factors);
        return new FactorRows(await partition.GetFactorsAsync(block, firstRow, maxRows, Life.Token), Silo.SiloName);
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

    private async Task<FactorAnswer> RunAsync(StoredFactorPartition partition, FactorStep step)
    {
        var site = _site!;
        int phase = step.Phase;
        var answer = new FactorAnswer { Done = true, Silo = Silo.SiloName };
        await hooks.StepAsync(Key, step.Kind, phase);
        switch (step.Kind)
        {
            case FactorStepKind.Solve:
                var basis = await site.BasisAsync(phase, Life.Token);
                var halfEpoch = site.HalfEpoch(phase) with { Store = step.Store, Checkpoint = step.Checkpoint, Attempt = step.Attempt };
                var report = await partition.SolveAsync(halfEpoch, new Lazy<AlsBasis>(basis), Life.Token);
                return answer with { Report = report, Received = site.Received(phase), Needed = site.Needed(Key.Kind) };
            case FactorStepKind.Gram:
                return answer with { Grams = await partition.GramAsync(phase, Life.Token) };
            case FactorStepKind.Restore:
                await partition.RestoreAsync(phase, step.Attempt, Life.Token);
                return answer;
            case FactorStepKind.Begin:
                await partition.BeginAsync(step.Attempt, Life.Token);
                return answer;
            default:
                return answer;
        }
    }

    private FactorAnswer UnderWay() => new() { Silo = Silo.SiloName };
}
