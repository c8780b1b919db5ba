using System.Diagnostics;
using Recsys.Engine;
using Recsys.Engine.Als;
using Recsys.Engine.Compute;
using Recsys.Engine.Ease;
using Recsys.Engine.Ease.Distributed;
using Recsys.Engine.Models;
using Recsys.Engine.Storage;

namespace Recsys.Grains.Training;

/// <summary>EASE over partition grains: the Engine's training loop, which reaches the partitions by their addresses.</summary>
internal sealed class EaseJob : ITrainingJob
{
    // Collecting the model fails when a silo is lost meanwhile: partitions then go back to their checkpoint.
    private const int Collections = 5;

    // After that share of the pivots the work left is too little to move for.
    private const double LastMove = 0.8;

    private readonly string _id;
    private readonly JobServices _services;
    private readonly StoredEase _stored;
    private readonly RemoteEasePartition[] _partitions;
    private readonly PartitionArrangement _arrangement;
    private CancellationTokenSource? _moving;
    private double _swept;

    private EaseJob(string id, JobServices services, StoredEase stored)
    {
        _id = id;
        _services = services;
        _stored = stored;
        _partitions =
        [
            .. Enumerable.Range(0, stored.Plan.Partitions).Select(i => new RemoteEasePartition(
                services.Grains.GetGrain<IEasePartitionGrain>(new PartitionKey(id, TrainingSite.EaseKind, i).ToString()))),
        ];
        _arrangement = new PartitionArrangement(services, [.. _partitions.Select(p => p.Grain)]);
    }

    /// <summary>Checks a request and writes down what is to be run.</summary>
    public static async Task PrepareAsync(string id, ClusterTrainingRequest request, JobServices services, CancellationToken cancellationToken)
    {
        var options = new OptionBag(request.Options);
        var data = await ClusterDataset.OpenAsync(services.Store, request.Dataset, cancellationToken);
        int partitions = options.Int("partitions", EasePlan.IsWorthDividing(data.Facts.Items) ? services.DefaultPartitions : 1);
        int bits = await services.CommonVectorBitsAsync(cancellationToken);
        await StoredEase.Create(TrainingSite.EasePrefix(id), id, data.Facts, options, partitions, bits).SaveAsync(services.Store, cancellationToken);
    }

    /// <summary>The job of a training that was prepared.</summary>
    public static async Task<ITrainingJob> OpenAsync(string id, JobServices services, CancellationToken cancellationToken) =>
        new EaseJob(id, services, await StoredEase.LoadAsync(services.Store, TrainingSite.EasePrefix(id), cancellationToken));

    public async Task<string> RunAsync(TrainingRun run, CancellationToken cancellationToken)
    {
        run.Tell(s => s with { Stage = "start" });
        for (int attempt = 1; ; attempt++)
        {
            var outcome = await TrainAsync(run, cancellationToken);
            run.Tell(s => s with { Stage = "model", Done = 0, Total = 1 });
            await _services.Hooks.ReachedAsync(_id, "model", 0);
            try
            {
                var here = _services.Site.FindEase(_id);
                var data = here?.Data ?? await ClusterDataset.Open(_services.Store, _stored.Data).LoadAsync(cancellationToken);
                using var model = await EaseAssembly.CollectAsync(
                    _stored.Plan, outcome with { Seconds = run.Status.Seconds }, _partitions, data.Data, data.Fingerprint, here?.Host, cancellationToken);
                return await ModelBlobs.SaveAsync(
                    _services.Store, TrainingRun.Model(run.Status.Request), model.ToContents(), _id, cancellationToken);
            }
            catch (PartitionUnreachableException) when (attempt < Collections)
            {
            }
        }
    }

    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        await _arrangement.CloseAsync(cancellationToken);
        await _stored.DeleteAsync(_services.Store, cancellationToken);
    }

    /// <summary>Trains to the end; stops at checkpoints to take in silos that have come meanwhile.</summary>
    private async Task<EaseOutcome> TrainAsync(TrainingRun run, CancellationToken cancellationToken)
    {
        while (true)
        {
            await _arrangement.ArrangeAsync(cancellationToken);
            using var moving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            _moving = moving;
            var progress = new Progress(this, run);
            try
            {
                // Resuming is beginning where nobody has anything yet.
                var outcome = await new EaseCoordinator(_stored.Plan, _partitions, _services.Options.Ease).ResumeAsync(progress, moving.Token);
                await progress.EndAsync(outcome);
                return outcome;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                run.Tell(s => s with { Stage = "moving" });
            }
        }
    }

    /// <summary>The coordinator's progress as the training's status: each stage is a phase.</summary>
    private sealed class Progress(EaseJob job, TrainingRun run) : IProgress<TrainingProgress>
    {
        private readonly Lock _gate = new();
        private Task _written = Task.CompletedTask;
        private string _stage = "";
        private long _began = Stopwatch.GetTimestamp();

        public void Report(TrainingProgress value)
        {
            lock (_gate)
            {
                if (value.Phase != _stage)
                {
                    End();
                    _stage = value.Phase;
                }
            }

            run.Tell(s => s with { Stage = value.Phase, Done = value.Done, Total = value.Total });
            if (value.Phase == "inverse")
            {
                job._swept = (double)value.Done / value.Total;
            }

            // Nothing is lost by stopping where all have just been written down.
            bool atCheckpoint = value.Done == value.Total && value.Phase is "gram" or "checkpoint";
            if (atCheckpoint && job._swept < LastMove && job._arrangement.HasNewSilos)
            {
                job._moving?.Cancel();
            }
        }

        /// <summary>The training has ended well: what it moved is written down.</summary>
        public async Task EndAsync(EaseOutcome outcome)
        {
            lock (_gate)
            {
                End();
                _stage = "";
            }

            await _written;
            var places = job._arrangement.Places.Select(p => p.ToString()).ToList();
            var hosts = places.Distinct().ToList();
            int[] hostOf = [.. places.Select(p => hosts.IndexOf(p))];
            var layout = new EaseLayout(job._stored.Plan);
            long received = outcome.Costs.PanelBytes + outcome.Costs.ExchangeBytes;
            TrainingMeter.Received.Add(received, new KeyValuePair<string, object?>("side", TrainingSite.EaseKind));
            var total = new TrainingPhaseReport
            {
                Name = "ease",
                Phase = outcome.Attempt,
                Seconds = outcome.Seconds,
                Received = received,
                Expected = EaseTraffic.PanelBytes(layout, hostOf) + EaseTraffic.ExchangeBytes(layout, hostOf),
                Silos = places.CountBy(p => p).ToDictionary(),
            };
            run.Tell(s => s with { Phases = [.. s.Phases, total] });
        }

        private void End()
        {
            if (_stage.Length > 0)
            {
                var report = new TrainingPhaseReport
                {
                    Name = _stage,
                    Phase = 0,
                    Seconds = Stopwatch.GetElapsedTime(_began).TotalSeconds,
                    Silos = job._arrangement.Places.CountBy(p => p.ToString()).ToDictionary(),
                };
                string stage = _stage;
                _written = WriteAsync(_written, stage, report);
            }

            _began = Stopwatch.GetTimestamp();
        }

        private async Task WriteAsync(Task before, string stage, TrainingPhaseReport report)
        {
            await before.ConfigureAwait(false);
            TrainingMeter.PhaseSeconds.Record(report.Seconds, new KeyValuePair<string, object?>("side", stage));
            run.Tell(s => s with { Phases = [.. s.Phases, report] });
            await job._services.Hooks.ReachedAsync(job._id, stage, run.Status.Done).ConfigureAwait(false);
        }
    }
}
