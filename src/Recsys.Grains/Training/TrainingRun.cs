using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Recsys.Engine;
using Recsys.Engine.Als;
using Recsys.Engine.Serving;

namespace Recsys.Grains.Training;

/// <summary>
/// The coordinator's work on one training, apart from the grain that answers for it: runs the job on the thread pool, keeps
/// the status, and writes it down now and then.
/// </summary>
internal sealed class TrainingRun
{
    private const int KeptPhases = 256;

    private readonly TrainingJournal _journal;
    private readonly ITrainingJob _job;
    private readonly TimeSpan _every;
    private readonly IReadOnlyList<ITrainedModelObserver> _observers;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _writing = new(1);
    private readonly Lock _gate = new();
    private ClusterTrainingStatus _status;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _written;
    private bool _cancelled;
    private Task _loop = Task.CompletedTask;

    public TrainingRun(
        ClusterTrainingStatus status,
        TrainingJournal journal,
        ITrainingJob job,
        TimeSpan every,
        IReadOnlyList<ITrainedModelObserver> observers,
        ILogger logger)
    {
        _status = status;
        _journal = journal;
        _job = job;
        _every = every;
        _observers = observers;
        _logger = logger;
    }

    /// <summary>The status now.</summary>
    public ClusterTrainingStatus Status
    {
        get
        {
            lock (_gate)
            {
                return _status.Ended ? _status : _status with { Seconds = (DateTimeOffset.UtcNow - _status.Started).TotalSeconds };
            }
        }
    }

    /// <summary>Whether it stopped because another coordinator has the training.</summary>
    public bool Superseded { get; private set; }

    /// <summary>Ends when the work does, in whatever way.</summary>
    public Task Completion => _loop;

    /// <summary>The Gram matrix that a half-epoch holds fixed; null where that is not the one being run.</summary>
    public GramMatrix? Gram(int phase) => _job.Gram(phase);

    /// <summary>Begins the work, or goes on with it.</summary>
    public void Start() => _loop = Task.Run(LoopAsync);

    /// <summary>Stops working without ending the training: another coordinator goes on.</summary>
    public void Stop() => _stop.Cancel();

    /// <summary>Ends the training.</summary>
    public async Task CancelAsync()
    {
        _cancelled = true;
        _stop.Cancel();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Changes the status for those who look, without writing it down.</summary>
    public void Tell(Func<ClusterTrainingStatus, ClusterTrainingStatus> change)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            var status = change(_status);
            _status = status with
            {
                Revision = _status.Revision + 1,
                Phases = status.Phases.Count > KeptPhases ? [.. status.Phases.Skip(status.Phases.Count - KeptPhases)] : status.Phases,
            };
            changed = _changed;
            _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.SetResult();
    }

    /// <summary>Changes the status, and writes it down where it has not been for some time: what the training goes on from is stored elsewhere.</summary>
    /// <exception cref="NotCoordinatorException">Another coordinator has the training.</exception>
    public Task NoteAsync(Func<ClusterTrainingStatus, ClusterTrainingStatus> change, CancellationToken cancellationToken)
    {
        if (Stopwatch.GetElapsedTime(Volatile.Read(ref _written)) >= _every)
        {
            return WriteAsync(change, cancellationToken);
        }

        Tell(change);
        return Task.CompletedTask;
    }

    /// <summary>Changes the status and writes it down.</summary>
    /// <exception cref="NotCoordinatorException">Another coordinator has the training.</exception>
    public async Task WriteAsync(Func<ClusterTrainingStatus, ClusterTrainingStatus> change, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            Tell(change);
            if (!await _journal.TryWriteAsync(Status, cancellationToken).ConfigureAwait(false))
            {
                throw new NotCoordinatorException(_status.Id);
            }

            Volatile.Write(ref _written, Stopwatch.GetTimestamp());
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Waits for a status later than <paramref name="revision"/>.</summary>
    public async Task<ClusterTrainingStatus> AfterAsync(long revision, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (_status.Revision > revision)
                {
                    break;
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        return Status;
    }

    private async Task LoopAsync()
    {
        long start = Stopwatch.GetTimestamp();
        try
        {
            string version;
            try
            {
                await WriteAsync(s => s with { State = TrainingState.Running, Coordinators = s.Coordinators + 1 }, _stop.Token).ConfigureAwait(false);
                version = await _job.RunAsync(this, _stop.Token).ConfigureAwait(false);
                foreach (var observer in _observers)
                {
                    await observer.TrainedAsync(Model(Status.Request), version, Status.Request.Activate, _stop.Token).ConfigureAwait(false);
                }
            }
            catch (Exception e) when (e is not NotCoordinatorException)
            {
                if (_stop.IsCancellationRequested && !_cancelled)
                {
                    return; // the silo leaves, or the grain is wanted elsewhere
                }

                await EndAsync(e).ConfigureAwait(false);
                return;
            }

            await WriteAsync(
                s => Ended(s, TrainingState.Succeeded) with { Version = version, Done = Math.Max(s.Done, s.Total) },
                CancellationToken.None).ConfigureAwait(false);
            _logger.LogInformation(
                "Training {Training}: version {Version} in {Seconds:F1} s", _status.Id, version, Stopwatch.GetElapsedTime(start).TotalSeconds);
            await CloseAsync().ConfigureAwait(false);
        }
        catch (NotCoordinatorException)
        {
            Superseded = true;
            _logger.LogWarning("Training {Training} has another coordinator; this one stops", _status.Id);
        }
        catch (Exception e)
        {
            _logger.LogError(e, "Training {Training}: its state cannot be written", _status.Id);
        }
    }

    /// <summary>The name of the model that a request makes.</summary>
    public static string Model(ClusterTrainingRequest request) => request.Model ?? request.Algorithm;

    private static ClusterTrainingStatus Ended(ClusterTrainingStatus status, TrainingState state) => status with
    {
        State = state,
        Seconds = (DateTimeOffset.UtcNow - status.Started).TotalSeconds,
    };

    private async Task EndAsync(Exception error)
    {
        bool cancelled = _cancelled && error is OperationCanceledException;
        if (!cancelled)
        {
            _logger.LogError(error, "Training {Training} failed", _status.Id);
        }

        string? message = cancelled ? null
            : error is RecsysException ? error.Message
            : $"{error.GetType().Name}: {error.Message.ReplaceLineEndings(" ")}";
        await WriteAsync(
            s => Ended(s, cancelled ? TrainingState.Cancelled : TrainingState.Failed) with { Error = message },
            CancellationToken.None).ConfigureAwait(false);
        await CloseAsync().ConfigureAwait(false);
    }

    private async Task CloseAsync()
    {
        try
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            await _job.CloseAsync(patience.Token).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            _logger.LogWarning(e, "Training {Training}: not all of its state could be deleted", _status.Id);
        }
    }
}
