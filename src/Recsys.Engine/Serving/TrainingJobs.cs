using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Models;

namespace Recsys.Engine.Serving;

/// <summary>
/// Training in this process, one job after another on a thread of its own. A trained model becomes the next version of
/// its name in the library.
/// </summary>
public sealed class TrainingJobs : ITrainingJobs, IAsyncDisposable
{
    private const int MostWaiting = 16;
    private const int MostKept = 100;

    private readonly ModelLibrary _library;
    private readonly Func<TrainingRequest, CancellationToken, Dataset> _data;
    private readonly ConcurrentDictionary<string, Job> _jobs = new(StringComparer.Ordinal);
    private readonly Channel<Job> _queue = Channel.CreateBounded<Job>(MostWaiting);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _worker;
    private int _issued;

    /// <summary>Starts waiting for jobs.</summary>
    /// <param name="library">Receives the models.</param>
    /// <param name="data">What is known now: what a job trains on.</param>
    public TrainingJobs(ModelLibrary library, Func<TrainingRequest, CancellationToken, Dataset> data)
    {
        _library = library;
        _data = data;
        _worker = Task.Factory.StartNew(Work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Trains on the histories of the library's default model.</summary>
    public static TrainingJobs OnHistories(ModelLibrary library)
    {
        ArgumentNullException.ThrowIfNull(library);
        return new TrainingJobs(library, (_, token) => library.GetHistoriesAsync(token).AsTask().GetAwaiter().GetResult());
    }

    /// <inheritdoc/>
    public ValueTask<TrainingStatus> StartAsync(TrainingRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var algorithm = Algorithms.Get(request.Algorithm);
        request.Options.RequireKnown(algorithm);
        ModelLibrary.CheckName(request.Model ?? request.Algorithm);
        string id = Interlocked.Increment(ref _issued).ToString(CultureInfo.InvariantCulture);
        var job = new Job(id, request, _stopping.Token);
        _jobs[id] = job;
        if (!_queue.Writer.TryWrite(job))
        {
            _jobs.TryRemove(id, out _);
            throw new InvalidOptionException($"{MostWaiting} training jobs are waiting already: cancel one, or try later");
        }

        foreach (var old in _jobs.Values.Where(j => j.Status.Ended).OrderByDescending(j => j.Number).Skip(MostKept))
        {
            _jobs.TryRemove(old.Status.Id, out _);
        }

        return new(job.Status);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<TrainingStatus>> ListAsync(CancellationToken cancellationToken = default) =>
        new([.. _jobs.Values.OrderByDescending(j => j.Number).Select(j => j.Status)]);

    /// <inheritdoc/>
    public ValueTask<TrainingStatus?> GetAsync(string id, CancellationToken cancellationToken = default) =>
        new(_jobs.GetValueOrDefault(id)?.Status);

    /// <inheritdoc/>
    public async IAsyncEnumerable<TrainingStatus> WatchAsync(string id, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var job = Find(id);
        while (true)
        {
            var changed = job.Changed;
            var status = job.Status;
            yield return status;
            if (status.Ended)
            {
                yield break;
            }

            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
            await Task.Delay(50, cancellationToken).ConfigureAwait(false); // merges the changes that follow
        }
    }

    /// <inheritdoc/>
    public ValueTask<TrainingStatus> CancelAsync(string id, CancellationToken cancellationToken = default)
    {
        var job = Find(id);
        job.Cancel();
        return new(job.Status);
    }

    /// <summary>Cancels what runs and waits for it to end.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _worker.ConfigureAwait(false);
        _stopping.Dispose();
    }

    private Job Find(string id) => _jobs.GetValueOrDefault(id) ?? throw new UnknownIdException("training job", id);

    private void Work()
    {
        while (_queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (_queue.Reader.TryRead(out var job))
            {
                Run(job);
            }
        }
    }

    private void Run(Job job)
    {
        if (!job.Begin())
        {
            return;
        }

        try
        {
            var request = job.Status.Request;
            var algorithm = Algorithms.Get(request.Algorithm);
            var data = _data(request, job.Token);
            MemoryBudget.Require(
                algorithm.EstimateBytes(data, request.Options), $"training {algorithm.Name} on {data.Items.Count} items", "free memory, or train a smaller model");
            var metrics = request.Evaluate ? HeldOutMetrics.Measure(algorithm, data, request.Options, job, job.Token) : null;
            var model = algorithm.Train(data, request.Options, job, job.Token);
            try
            {
                job.Token.ThrowIfCancellationRequested();
                var version = _library.Add(request.Model ?? request.Algorithm, model, request.Activate, metrics, job.Token);
                job.End(TrainingState.Succeeded, version.Version, null);
            }
            catch
            {
                model.Dispose();
                throw;
            }
        }
        catch (OperationCanceledException)
        {
            job.End(TrainingState.Cancelled, null, null);
        }
        catch (RecsysException e)
        {
            job.End(TrainingState.Failed, null, e.Message);
        }
        catch (Exception e)
        {
            // A job must not end the process; what a caller sees names the kind of error only.
            job.End(TrainingState.Failed, null, $"internal error: {e.GetType().Name}");
            Trace.TraceError(e.ToString());
        }
    }

    private sealed class Job(string id, TrainingRequest request, CancellationToken stopping) : IProgress<TrainingProgress>
    {
        private readonly Lock _gate = new();
        private readonly CancellationTokenSource _cancellation = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        private TrainingStatus _status = new(id, request, 1, TrainingState.Queued, DateTimeOffset.UtcNow);
        private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private long _began;

        public int Number { get; } = int.Parse(id, CultureInfo.InvariantCulture);

        public CancellationToken Token => _cancellation.Token;

        public Task Changed
        {
            get
            {
                lock (_gate)
                {
                    return _changed.Task;
                }
            }
        }

        public TrainingStatus Status
        {
            get
            {
                lock (_gate)
                {
                    return _status.State == TrainingState.Running
                        ? _status with { Seconds = Stopwatch.GetElapsedTime(_began).TotalSeconds }
                        : _status;
                }
            }
        }

        public bool Begin()
        {
            lock (_gate)
            {
                if (_status.Ended)
                {
                    return false;
                }

                _began = Stopwatch.GetTimestamp();
                Change(_status with { State = TrainingState.Running });
                return true;
            }
        }

        public void Report(TrainingProgress value)
        {
            lock (_gate)
            {
                if (!_status.Ended)
                {
                    var losses = value.Loss is { } loss && double.IsFinite(loss) ? [.. _status.Losses, loss] : _status.Losses;
                    Change(_status with { Progress = value, Losses = losses });
                }
            }
        }

        public void End(TrainingState state, string? version, string? error)
        {
            lock (_gate)
            {
                if (!_status.Ended)
                {
                    double seconds = _began == 0 ? 0 : Stopwatch.GetElapsedTime(_began).TotalSeconds;
                    Change(_status with { State = state, Version = version, Error = error, Seconds = seconds });
                }
            }
        }

        public void Cancel()
        {
            _cancellation.Cancel();
            lock (_gate)
            {
                if (_status.State == TrainingState.Queued)
                {
                    Change(_status with { State = TrainingState.Cancelled });
                }
            }
        }

        /// <summary>Called with the gate held.</summary>
        private void Change(TrainingStatus status)
        {
            _status = status with { Revision = _status.Revision + 1 };
            var changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            changed.SetResult();
        }
    }
}
