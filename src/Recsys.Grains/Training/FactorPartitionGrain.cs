using Recsys.Engine.Als;
using Recsys.Grains.Placement;
using Recsys.Grains.Wire;

namespace Recsys.Grains.Training;

/// <inheritdoc cref="IFactorPartitionGrain"/>
[SpreadPlacement]
[CollectionAgeLimit(Minutes = 30)]
internal sealed class FactorPartitionGrain(TrainingSite silo, TrainingHooks hooks) : PartitionGrain(silo), IFactorPartitionGrain
{
    private readonly (int Phase, Task<FactorAnswer>? Task)[] _steps = new (int, Task<FactorAnswer>?)[4];
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

        // A Gram matrix is a function of the factors alone: it is asked for by the half-epoch they are of.
        var partition = await opened;
        phase = kind switch
        {
            FactorStepKind.Open => 0,
            FactorStepKind.Gram => partition.Phase,
            _ => phase,
        };
        var step = _steps[(int)kind];
        if (step.Task is null or { IsFaulted: true } or { IsCanceled: true } || step.Phase != phase)
        {
            // Off the grain's scheduler: what comes is copying and waiting, and calls are to be answered meanwhile.
            step = (phase, Task.Run(() => RunAsync(partition, kind, phase)));
            _steps[(int)kind] = step;
        }

        return await WithinAsync(step.Task) ? await step.Task : UnderWay();
    }

    public async ValueTask<FactorRows> GetWhitenedAsync(int phase, int block, int firstRow, int maxRows)
    {
        var partition = await OpenAsync();
        maxRows = Math.Min(maxRows, WireLimits.MaxBlockBytes / sizeof(float) / _site!.Run.Options.Factors);
        return new FactorRows(await partition.GetWhitenedAsync(phase, block, firstRow, maxRows, Life.Token), Silo.SiloName);
    }

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
                return answer with { Grams = await partition.GramAsync(Life.Token) };
            default:
                return answer;
        }
    }

    private FactorAnswer UnderWay() => new() { Silo = Silo.SiloName };
}
