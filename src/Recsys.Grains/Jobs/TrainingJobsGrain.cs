using System.Globalization;
using Microsoft.Extensions.Logging;
using Recsys.Engine;
using Recsys.Engine.Als;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Serving;
using Recsys.Engine.Storage;
using Recsys.Grains.Serving;
using Recsys.Grains.Training;

namespace Recsys.Grains.Jobs;

/// <inheritdoc cref="ITrainingJobsGrain"/>
[CollectionAgeLimit(AlwaysActive = true)]
internal sealed class TrainingJobsGrain(IBlobStore blobs, RecsysServingOptions options, ILogger<TrainingJobsGrain> logger)
    : Grain, ITrainingJobsGrain
{
    private const int MostWaiting = 16;
    private const int MostKept = 100;
    private const int MostFailures = 15;
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);

    private readonly JobStore _store = new(blobs);
    private readonly SortedDictionary<int, Job> _jobs = [];
    private readonly CancellationTokenSource _stopping = new();
    private Task _work = Task.CompletedTask;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        foreach (var (record, end) in await _store.ReadAsync(MostKept, cancellationToken))
        {
            _jobs.Add(record.Number, new Job(record) { End = end });
        }

        Work();
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _work.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    public async Task<ClusterTrainingStatus> StartAsync(ClusterTrainingRequest request)
    {
        var algorithm = Algorithms.Get(request.Algorithm);
        new OptionBag(request.Options).RequireKnown(algorithm);
        BlobKey.CheckName(request.Model ?? request.Algorithm, "model");
        if (request.Submission is { } submission && _jobs.Values.FirstOrDefault(j => j.Record.Request.Submission == submission) is { } there)
        {
            return await StatusAsync(there);
        }

        if (_jobs.Values.Count(j => !j.Done) > MostWaiting)
        {
            throw new InvalidOptionException($"{MostWaiting} training jobs are waiting already: cancel one, or try later");
        }

        int number = _jobs.Count == 0 ? 1 : _jobs.Keys.Last() + 1;
        JobRecord record;
        do
        {
            record = new JobRecord(number, request with { Dataset = $"job-{number++}" }, DateTimeOffset.UtcNow);
        }
        while (!await _store.TryAddAsync(record));

        var job = new Job(record);
        _jobs[record.Number] = job;
        Work();
        return job.Waiting();
    }

    public async Task<IReadOnlyList<ClusterTrainingStatus>> ListAsync() =>
        await Task.WhenAll(_jobs.Values.Reverse().Take(MostKept).ToList().Select(StatusAsync));

    public async Task<ClusterTrainingStatus?> GetAsync(string id) => Find(id) is { } job ? await StatusAsync(job) : null;

    public async Task<ClusterTrainingStatus?> CancelAsync(string id)
    {
        if (Find(id) is not { } job)
        {
            return null;
        }

        // A training that is about to begin sees this before it does.
        job.Cancelled = true;
        if (await Training(job).CancelAsync() is { } status)
        {
            return status;
        }

        await EndAsync(job, "");
        return job.Waiting();
    }

    public Task WakeAsync() => Task.CompletedTask; // being activated is all it takes

    private Job? Find(string id) =>
        int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? _jobs.GetValueOrDefault(number) : null;

    private ITrainingCoordinatorGrain Training(Job job) => GrainFactory.GetGrain<ITrainingCoordinatorGrain>(job.Id);

    private async Task<ClusterTrainingStatus> StatusAsync(Job job)
    {
        if (job.Last is { Ended: true } ended)
        {
            return ended;
        }

        var status = job.End is null ? await Training(job).GetStatusAsync() : null;
        return job.Last = status ?? job.Waiting();
    }

    private void Work()
    {
        if (_work.IsCompleted)
        {
            _work = WorkAsync(_stopping.Token);
        }
    }

    /// <summary>Runs what is waiting, on the grain's scheduler; what takes long is done by others.</summary>
    private async Task WorkAsync(CancellationToken token)
    {
        await Task.Yield();
        while (!token.IsCancellationRequested && _jobs.Values.FirstOrDefault(j => !j.Done) is { } job)
        {
            try
            {
                await RunAsync(job, token);
                job.Done = true;
            }
            catch (RecsysException e)
            {
                await EndAsync(job, e.Message);
                job.Done = true;
            }
            catch (Exception e) when (!token.IsCancellationRequested)
            {
                logger.LogWarning(e, "training job {Job} cannot go on just now", job.Id);
                if (++job.Failures == MostFailures)
                {
                    await EndAsync(job, $"internal error: {e.GetType().Name}");
                    job.Done = true;
                }

                await Task.Delay(TimeSpan.FromSeconds(Math.Min(job.Failures, 10)), token);
            }
        }
    }

    private async Task RunAsync(Job job, CancellationToken token)
    {
        var status = await StatusAsync(job);
        if (status is { State: TrainingState.Queued } && job.End is null && await Training(job).GetStatusAsync() is null)
        {
            var training = await _store.FindTrainingAsync(job.Record.Number, token) ?? await PrepareAsync(job.Record, token);
            if (job.Cancelled)
            {
                await EndAsync(job, "");
            }
            else
            {
                await Training(job).StartAsync(training);
            }
        }

        while (!(await StatusAsync(job)).Ended)
        {
            await Task.Delay(Poll, token);
        }

        await ClusterDataset.DeleteAsync(blobs, job.Record.Request.Dataset, token);
    }

    /// <summary>Makes a data set of the histories as they stand, and chooses the options that depend on it.</summary>
    private async Task<ClusterTrainingRequest> PrepareAsync(JobRecord job, CancellationToken token)
    {
        var ingest = new ClusterIngest(GrainFactory, options.ToSettings());
        var (data, complete) = await Task.Run(
            async () =>
            {
                var algorithm = Algorithms.Get(job.Request.Algorithm);
                var histories = TrainingHistories.For(algorithm, await ingest.GetHistoriesAsync(token));
                return (histories, algorithm.Complete(histories, new OptionBag(job.Request.Options)));
            },
            token);
        await ClusterDataset.SaveAsync(blobs, job.Request.Dataset, data, token);
        var training = job.Request with { Options = complete.Values };
        await _store.SaveTrainingAsync(job.Number, training, token);
        return training;
    }

    private async Task EndAsync(Job job, string reason)
    {
        job.End = reason;
        job.Last = null;
        await _store.EndAsync(job.Record.Number, reason);
    }

    private sealed class Job(JobRecord record)
    {
        public JobRecord Record => record;

        public string Id { get; } = record.Number.ToString(CultureInfo.InvariantCulture);

        /// <summary>Why it ended before its training began; "" for cancelled, null where it did not.</summary>
        public string? End { get; set; }

        public bool Cancelled { get; set; }

        /// <summary>Attempts to go on that failed, in a minute or two.</summary>
        public int Failures { get; set; }

        public bool Done { get; set; }

        public ClusterTrainingStatus? Last { get; set; }

        /// <summary>The status of a job that has no training.</summary>
        public ClusterTrainingStatus Waiting() => new()
        {
            Id = Id,
            Request = record.Request,
            Started = record.Asked,
            State = End switch { null => TrainingState.Queued, "" => TrainingState.Cancelled, _ => TrainingState.Failed },
            Error = End is { Length: > 0 } ? End : null,
        };
    }
}
