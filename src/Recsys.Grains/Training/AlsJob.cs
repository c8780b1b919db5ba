using System.Collections.Concurrent;
using System.Diagnostics;
using Recsys.Engine.Als;
using Recsys.Engine.Models;
using Recsys.Engine.Storage;

namespace Recsys.Grains.Training;

/// <summary>ALS over partition grains: the Engine's training loop, which reaches the partitions by their addresses.</summary>
internal sealed class AlsJob : ITrainingJob
{
    private readonly string _id;
    private readonly JobServices _services;
    private readonly RemoteFactorPartition[] _users;
    private readonly RemoteFactorPartition[] _items;
    private readonly AlsRun _run;
    private readonly int _phases;
    private readonly StoredAlsTraining _training;
    private readonly ConcurrentQueue<FactorAnswer> _answers = new();
    private readonly PartitionArrangement _arrangement;
    private long _received;

    private AlsJob(string id, JobServices services, AlsRun run)
    {
        _id = id;
        _services = services;
        _run = run;
        _phases = new AlsSchedule(run.Options, run.Problem).Phases;
        _training = new StoredAlsTraining(run, services.Store, services.Options.Als);
        _users = Partitions("user");
        _items = Partitions("item");
        _arrangement = new PartitionArrangement(services, [.. _users.Select(p => p.Grain)], [.. _items.Select(p => p.Grain)]);

        RemoteFactorPartition[] Partitions(string kind) =>
        [
            .. Enumerable.Range(0, run.Options.Partitions).Select(i =>
                new RemoteFactorPartition(services.Grains, new PartitionKey(id, kind, i), services.Options) { Solved = _answers.Enqueue, Received = Count }),
        ];

        void Count(FactorRows rows, long bytes)
        {
            if (rows.Silo != services.SiloName)
            {
                Interlocked.Add(ref _received, bytes);
                TrainingMeter.Received.Add(bytes, new KeyValuePair<string, object?>("side", "model"));
            }
        }
    }

    /// <summary>Checks a request and writes down what is to be run.</summary>
    public static async Task PrepareAsync(string id, ClusterTrainingRequest request, JobServices services, CancellationToken cancellationToken)
    {
        var data = await ClusterDataset.OpenAsync(services.Store, request.Dataset, cancellationToken);
        int partitions = AlsRun.PartitionsFor(data.Facts.Interactions, services.Silos, services.DefaultPartitions);
        var run = AlsRun.Create(TrainingSite.AlsPrefix(id), data.Facts, new OptionBag(request.Options), partitions) with
        {
            VectorBits = await services.CommonVectorBitsAsync(cancellationToken),
        };
        await run.SaveAsync(services.Store, cancellationToken);
    }

    /// <summary>The job of a training that was prepared.</summary>
    public static async Task<ITrainingJob> OpenAsync(string id, JobServices services, CancellationToken cancellationToken) =>
        new AlsJob(id, services, await AlsRun.LoadAsync(services.Store, TrainingSite.AlsPrefix(id), cancellationToken));

    public async Task<string> RunAsync(TrainingRun run, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        run.Tell(s => s with { Stage = "start", Done = 0, Total = _run.Options.Iterations });
        await _arrangement.ArrangeAsync(cancellationToken);
        using var model = await _training.TrainAsync(
            _users,
            _items,
            () => run.Status.Seconds,
            async (position, isNew, token) =>
            {
                var report = position.Phase == 0 || !isNew ? null : Report(position.Phase, Stopwatch.GetElapsedTime(start).TotalSeconds);
                await run.NoteAsync(
                    s => s with
                    {
                        Stage = "iteration",
                        Done = Math.Min(position.Phase / 2, _run.Options.Iterations),
                        Total = _run.Options.Iterations,
                        Losses = position.Losses,
                        Phases = report is null || report.Silos.Count == 0 ? s.Phases : [.. s.Phases, report],
                    },
                    token);
                await _services.Hooks.ReachedAsync(_id, "phase", position.Phase);
                await _arrangement.ArrangeAsync(token);
                if (!isNew)
                {
                    _answers.Clear();
                }

                if (position.Phase == _phases)
                {
                    run.Tell(s => s with { Stage = "model", Done = 0, Total = 1 });
                    Interlocked.Exchange(ref _received, 0);
                }

                start = Stopwatch.GetTimestamp();
            },
            run.Status.Coordinators,
            cancellationToken);

        // Written down: where another coordinator has taken the partitions back meanwhile, the model is not what was trained.
        await run.WriteAsync(s => s with { Phases = [.. s.Phases, ModelReport(Stopwatch.GetElapsedTime(start).TotalSeconds)] }, cancellationToken);
        return await ModelBlobs.SaveAsync(
            _services.Store, TrainingRun.Model(run.Status.Request), model.ToContents(), _id, cancellationToken);
    }

    public GramMatrix? Gram(int phase) => _training.Gram(phase);

    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        await _arrangement.CloseAsync(cancellationToken);
        await _training.DeleteAsync(cancellationToken);
    }

    /// <summary>What it took to bring the factors to the coordinator's silo, which gets all that it has not.</summary>
    private TrainingPhaseReport ModelReport(double seconds)
    {
        long expected = 0;
        for (int p = 0; p < _arrangement.Places.Count; p++)
        {
            if (_arrangement.Places[p].ToString() != _services.SiloName)
            {
                var (blocks, index) = p < _users.Length ? (_run.Data.UserBlocks, p) : (_run.Data.ItemBlocks, p - _users.Length);
                int first = VirtualBlocks.FirstBlock(index, _users.Length);
                int end = VirtualBlocks.FirstBlock(index + 1, _users.Length);
                expected += blocks.Skip(first).Take(end - first).Sum() * (long)_run.Options.Factors * sizeof(float);
            }
        }

        return new TrainingPhaseReport
        {
            Name = "model",
            Phase = _phases,
            Seconds = seconds,
            Received = Interlocked.Read(ref _received),
            Expected = expected,
            Silos = new Dictionary<string, int> { [_services.SiloName] = 1 },
        };
    }

    /// <summary>A silo gets the rows of the other side that its partitions name and that it has not.</summary>
    private long Expected(bool users, string silo, IReadOnlyList<int> needed)
    {
        long rows = 0;
        for (int block = 0; block < needed.Count; block++)
        {
            int owner = _run.Owner(block) + (users ? _users.Length : 0);
            rows += _arrangement.Places[owner].ToString() == silo ? 0 : needed[block];
        }

        return rows * _run.Options.Factors * sizeof(float);
    }

    private TrainingPhaseReport Report(int phase, double seconds)
    {
        var answers = new List<FactorAnswer>();
        while (_answers.TryDequeue(out var answer))
        {
            answers.Add(answer);
        }

        bool users = AlsSchedule.SolvesUsers(phase);
        var silos = answers.GroupBy(a => a.Silo).ToDictionary(g => g.Key, g => g.Count());
        TrainingMeter.PhaseSeconds.Record(seconds, new KeyValuePair<string, object?>("side", users ? "user" : "item"));

        return new TrainingPhaseReport
        {
            Name = users ? "users" : "items",
            Phase = phase,
            Seconds = seconds,
            Received = answers.GroupBy(a => a.Silo).Sum(g => g.Max(a => a.Received)),
            Expected = answers.GroupBy(a => a.Silo).Sum(g => Expected(users, g.Key, g.Last().Needed)),
            Silos = silos,
        };
    }
}
