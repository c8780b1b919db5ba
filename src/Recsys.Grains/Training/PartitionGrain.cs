using System.Diagnostics;
using Orleans.Runtime;
using Recsys.Grains.Placement;

namespace Recsys.Grains.Training;

/// <summary>What the grains of partitions have in common.</summary>
internal abstract class PartitionGrain(TrainingSite silo) : Grain, IPartitionGrain
{
    // A silo that stops waits that long for a step: what is not stored then is computed again.
    private static readonly TimeSpan KeepPatience = TimeSpan.FromSeconds(5);

    private long _heard;
    private bool _joined;

    /// <summary>Cancelled when the grain ends.</summary>
    protected CancellationTokenSource Life { get; } = new();

    /// <summary>The silo's share in trainings.</summary>
    protected TrainingSite Silo => silo;

    /// <summary>Training, side, number.</summary>
    protected PartitionKey Key { get; private set; }

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        Key = PartitionKey.Parse(this.GetPrimaryKeyString());
        Heard();
        var period = silo.Options.CoordinatorSilence / 2;
        this.RegisterGrainTimer(AskAfterCoordinatorAsync, new GrainTimerCreationOptions(period, period) { Interleave = true });
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (reason.ReasonCode == DeactivationReasonCode.ShuttingDown)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            patience.CancelAfter(KeepPatience);
            await KeepAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }

        await Life.CancelAsync();
        await StopAsync();
        if (_joined)
        {
            silo.Leave(Key.Training);
        }
    }

    public Task<SiloAddress> WhereAsync() => Task.FromResult(silo.Silo);

    public async Task MoveAsync(SiloAddress target)
    {
        if (!target.Equals(silo.Silo))
        {
            await KeepAsync(Life.Token);
            this.MoveTo(target);
        }
    }

    public async Task CloseAsync()
    {
        await Life.CancelAsync();
        DeactivateOnIdle();
    }

    /// <summary>The coordinator has called.</summary>
    protected void Heard() => _heard = Stopwatch.GetTimestamp();

    /// <summary>Counts this partition among those of its training in this silo.</summary>
    protected void Join()
    {
        if (!_joined)
        {
            silo.Join(Key.Training);
            _joined = true;
        }
    }

    /// <summary>Stores what another silo is to go on from, where that is not stored yet.</summary>
    protected virtual Task KeepAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Ends what is under way.</summary>
    protected virtual Task StopAsync() => Task.CompletedTask;

    /// <summary>Waits a moment for work; false when it is still under way.</summary>
    protected async Task<bool> WithinAsync(Task task)
    {
        await task.WaitAsync(silo.Options.StepWait, Life.Token)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        return task.IsCompleted;
    }

    /// <summary>A coordinator that was lost with its silo is brought up again by the first partition that misses it.</summary>
    private async Task AskAfterCoordinatorAsync(CancellationToken cancellationToken)
    {
        if (Stopwatch.GetElapsedTime(_heard) > silo.Options.CoordinatorSilence)
        {
            Heard();
            var status = await GrainFactory.GetGrain<ITrainingCoordinatorGrain>(Key.Training).GetStatusAsync();
            if (status is null or { Ended: true })
            {
                DeactivateOnIdle();
            }
        }
    }
}
