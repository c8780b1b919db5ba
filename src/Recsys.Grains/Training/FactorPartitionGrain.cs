using System.Diagnostics;
using Orleans.Runtime;
using Orleans.Runtime.Placement;
using Recsys.Engine.Als;
using Recsys.Grains.Wire;

namespace Recsys.Grains.Training;

/// <inheritdoc cref="IFactorPartitionGrain"/>
[PartitionPlacement]
[CollectionAgeLimit(Minutes = 30)]
internal sealed class FactorPartitionGrain(TrainingSite silo, TrainingHooks hooks) : Grain, IFactorPartitionGrain
{
    private readonly CancellationTokenSource _life = new();
    private readonly (int Phase, Task<FactorAnswer>? Task)[] _steps = new (int, Task<FactorAnswer>?)[4];
    private PartitionKey _key;
    private AlsSite? _site;
    private Task<StoredFactorPartition>? _partition;
    private bool _joined;
    private long _heard;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _key = PartitionKey.Parse(this.GetPrimaryKeyString());
        _heard = Stopwatch.GetTimestamp();
        var period = silo.Options.CoordinatorSilence / 2;
        this.RegisterGrainTimer(AskAfterCoordinatorAsync, new GrainTimerCreationOptions(period, period) { Interleave = true });
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _life.Cancel();
        if (_joined)
        {
            silo.Leave(_key.Training);
        }

        return Task.CompletedTask;
    }

    public async Task<FactorAnswer> StepAsync(FactorStepKind kind, int phase)
    {
        _heard = Stopwatch.GetTimestamp();
        var opened = OpenAsync();
        if (!await WithinAsync(opened))
        {
            return new FactorAnswer { Silo = silo.SiloName };
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

        return await WithinAsync(step.Task) ? await step.Task : new FactorAnswer { Silo = silo.SiloName };
    }

    public async ValueTask<FactorRows> GetWhitenedAsync(int phase, int block, int firstRow, int maxRows)
    {
        var partition = await OpenAsync();
        maxRows = Math.Min(maxRows, WireLimits.MaxBlockBytes / sizeof(float) / _site!.Run.Options.Factors);
        return new FactorRows(await partition.GetWhitenedAsync(phase, block, firstRow, maxRows, _life.Token), silo.SiloName);
    }

    public Task<SiloAddress> WhereAsync() => Task.FromResult(silo.Silo);

    public Task MoveAsync(SiloAddress target)
    {
        if (!target.Equals(silo.Silo))
        {
            RequestContext.Set(IPlacementDirector.PlacementHintKey, target);
            MigrateOnIdle();
        }

        return Task.CompletedTask;
    }

    public Task CloseAsync()
    {
        _life.Cancel();
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    private Task<StoredFactorPartition> OpenAsync()
    {
        if (_partition is null or { IsFaulted: true } or { IsCanceled: true })
        {
            _partition = LoadAsync();
        }

        return _partition;
    }

    private async Task<StoredFactorPartition> LoadAsync()
    {
        if (!_joined)
        {
            silo.Join(_key.Training);
            _joined = true;
        }

        _site ??= await silo.AlsAsync(_key.Training);
        var partition = await Task.Run(() => _site.OpenPartitionAsync(_key.Kind, _key.Index, _life.Token));
        TrainingMeter.Opened.Add(1);
        return partition;
    }

    private async Task<FactorAnswer> RunAsync(StoredFactorPartition partition, FactorStepKind kind, int phase)
    {
        var site = _site!;
        var answer = new FactorAnswer { Done = true, Silo = silo.SiloName };
        await hooks.StepAsync(_key, kind, phase);
        switch (kind)
        {
            case FactorStepKind.Whiten:
                await partition.WhitenAsync(phase, await site.BasisAsync(phase, _life.Token), _life.Token);
                return answer;
            case FactorStepKind.Solve:
                var basis = await site.BasisAsync(phase, _life.Token);
                var report = await partition.SolveAsync(site.HalfEpoch(phase), basis, _life.Token);
                return answer with { Report = report, Received = site.Received(phase) };
            case FactorStepKind.Gram:
                return answer with { Grams = await partition.GramAsync(_life.Token) };
            default:
                return answer;
        }
    }

    private async Task<bool> WithinAsync(Task task) =>
        await Task.WhenAny(task, Task.Delay(silo.Options.StepWait, _life.Token)) == task;

    /// <summary>A coordinator that was lost with its silo is brought up again by the first partition that misses it.</summary>
    private async Task AskAfterCoordinatorAsync(CancellationToken cancellationToken)
    {
        if (Stopwatch.GetElapsedTime(_heard) > silo.Options.CoordinatorSilence)
        {
            _heard = Stopwatch.GetTimestamp();
            var status = await GrainFactory.GetGrain<ITrainingCoordinatorGrain>(_key.Training).GetStatusAsync();
            if (status is null or { Ended: true })
            {
                DeactivateOnIdle();
            }
        }
    }
}
