using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using Recsys.Engine;
using Recsys.Engine.Als;
using Recsys.Engine.Serving;
using Recsys.Engine.Storage;

namespace Recsys.Grains.Training;

/// <inheritdoc cref="ITrainingCoordinatorGrain"/>
internal sealed class TrainingCoordinatorGrain(
    JobServices services, IEnumerable<ITrainedModelObserver> observers, ILogger<TrainingCoordinatorGrain> logger)
    : Grain, ITrainingCoordinatorGrain, IRemindable
{
    private const string Reminder = "resume";

    private TrainingJournal? _journal;
    private ClusterTrainingStatus? _stored;
    private TrainingRun? _run;

    private string Id => this.GetPrimaryKeyString();

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (!BlobKey.IsSegment(Id))
        {
            return; // there can be no such training; StartAsync says why
        }

        _journal = new TrainingJournal(services.Store, Id);
        _stored = await _journal.ReadAsync(cancellationToken);
        if (_stored is { Ended: false })
        {
            await ResumeAsync(cancellationToken);
        }
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _run?.Stop();
        return _run?.Completion.WaitAsync(cancellationToken).ContinueWith(_ => { }, TaskScheduler.Default) ?? Task.CompletedTask;
    }

    public async Task<ClusterTrainingStatus> StartAsync(ClusterTrainingRequest request)
    {
        BlobKey.CheckName(Id, "training");
        BlobKey.CheckName(TrainingRun.Model(request), "model");
        if (Current is { } there)
        {
            return JsonSerializer.Serialize(there.Request) == JsonSerializer.Serialize(request)
                ? there
                : throw new InvalidOptionException($"training '{Id}' is there already, with another request");
        }

        switch (request.Algorithm)
        {
            case "als":
                await AlsJob.PrepareAsync(Id, request, services, CancellationToken.None);
                break;
            case "ease":
                await EaseJob.PrepareAsync(Id, request, services, CancellationToken.None);
                break;
            default:
                throw new InvalidOptionException($"the cluster trains als and ease, not '{request.Algorithm}'");
        }

        var status = new ClusterTrainingStatus { Id = Id, Request = request, State = TrainingState.Queued, Started = DateTimeOffset.UtcNow };

        // The reminder first: a training that is written down is then looked after, whatever happens to this silo.
        await this.RegisterOrUpdateReminder(Reminder, services.Options.ReminderPeriod, services.Options.ReminderPeriod);
        if (!await _journal!.TryWriteAsync(status, CancellationToken.None))
        {
            throw new InvalidOptionException($"training '{Id}' is there already");
        }

        _stored = status;
        await ResumeAsync(CancellationToken.None);
        return Current!;
    }

    public Task<ClusterTrainingStatus?> GetStatusAsync() => Task.FromResult(Current);

    public async IAsyncEnumerable<ClusterTrainingStatus> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var status = Current;
        while (status is not null)
        {
            yield return status;
            if (status.Ended || _run is not { Superseded: false } run)
            {
                yield break;
            }

            status = await run.AfterAsync(status.Revision, cancellationToken);
        }
    }

    public Task<GramMatrix?> GetGramAsync(int phase) => Task.FromResult(_run?.Gram(phase));

    public async Task<ClusterTrainingStatus?> CancelAsync()
    {
        if (_run is not null)
        {
            // Tidying up may take longer; nobody has to wait for that.
            await Task.WhenAny(_run.CancelAsync(), Task.Delay(TimeSpan.FromSeconds(2)));
        }

        return Current;
    }

    public async Task ReceiveReminder(string reminderName, TickStatus status)
    {
        // Being activated was all it took; until the end the activation is kept.
        if (_run is { Completion.IsCompleted: false })
        {
            DelayDeactivation(3 * services.Options.ReminderPeriod);
            return;
        }

        if (_run is { Superseded: true })
        {
            DeactivateOnIdle();
            return;
        }

        if (Current is null or { Ended: true })
        {
            await ForgetReminderAsync();
        }
    }

    private ClusterTrainingStatus? Current => _run?.Status ?? _stored;

    private async Task ResumeAsync(CancellationToken cancellationToken)
    {
        var job = _stored!.Request.Algorithm switch
        {
            "als" => await AlsJob.OpenAsync(Id, services, cancellationToken),
            "ease" => await EaseJob.OpenAsync(Id, services, cancellationToken),
            var other => throw new InvalidOptionException($"the cluster trains als and ease, not '{other}'"),
        };
        _run = new TrainingRun(_stored, _journal!, job, services.Options.StatusEvery, [.. observers], logger);
        _run.Start();
        DelayDeactivation(3 * services.Options.ReminderPeriod);
        _ = WhenEndedAsync(_run);
    }

    /// <summary>On the grain's scheduler: what is to be done when the work has ended.</summary>
    private async Task WhenEndedAsync(TrainingRun run)
    {
        await run.Completion;
        if (run.Superseded)
        {
            DeactivateOnIdle();
        }
        else if (run.Status.Ended)
        {
            try
            {
                await ForgetReminderAsync();
            }
            catch (Exception e)
            {
                logger.LogWarning(e, "Training {Training}: its reminder stays for another turn", Id);
            }

            DelayDeactivation(TimeSpan.Zero);
        }
    }

    private async Task ForgetReminderAsync()
    {
        if (await this.GetReminder(Reminder) is { } reminder)
        {
            await this.UnregisterReminder(reminder);
        }
    }
}
