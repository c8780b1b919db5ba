using System.Diagnostics;
using System.Text.Json.Nodes;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Numerics;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Als;

/// <summary>The coordinator's part of a stored training run: begins it or goes on with it, and makes the model at its end.</summary>
/// <param name="run">The run.</param>
/// <param name="store">Where its state is.</param>
/// <param name="checkpoints">When the factors are stored; not given: as by default.</param>
public sealed class StoredAlsTraining(AlsRun run, IBlobStore store, AlsCheckpointRule? checkpoints = null)
{
    private readonly AlsCheckpointRule _checkpoints = checkpoints ?? new AlsCheckpointRule();
    private long _lastCheckpoint = Stopwatch.GetTimestamp();
    private AlsPosition? _last;

    /// <summary>How often the partitions went back to a checkpoint together.</summary>
    public int Returns { get; private set; }

    /// <summary>
    /// Trains from where the run stands to the end. Where a partition has lost factors that were not stored, all go back to the
    /// last checkpoint, and come to the same bits again. Returns the losses of all iterations.
    /// </summary>
    /// <param name="users">The partitions of users.</param>
    /// <param name="items">The partitions of items.</param>
    /// <param name="reached">Called before the first half-epoch (also after going back: then with false) and after each, once its position is stored.</param>
    /// <param name="cancellationToken">Stops it; it may be gone on with.</param>
    public async Task<IReadOnlyList<double>> RunAsync(
        IReadOnlyList<IStoredFactorPartition> users,
        IReadOnlyList<IStoredFactorPartition> items,
        Func<AlsPosition, bool, CancellationToken, Task>? reached = null,
        CancellationToken cancellationToken = default)
    {
        var coordinator = new AlsCoordinator(run.Options, run.Problem, users, items)
        {
            Reached = async (position, token) =>
            {
                await StoreAsync(position, token);
                await (reached?.Invoke(position, true, token) ?? Task.CompletedTask);
            },
        };
        _lastCheckpoint = Stopwatch.GetTimestamp();
        _last = await run.FindPositionAsync(store, cancellationToken);
        for (int stuckAt = -1; ;)
        {
            try
            {
                if (_last is null)
                {
                    return await coordinator.RunAsync(null, cancellationToken);
                }

                await (reached?.Invoke(_last, false, cancellationToken) ?? Task.CompletedTask);
                await Task.WhenAll(users.Concat(items).Select(p => p.RestoreAsync(_last.Phase, cancellationToken)));
                stuckAt = -1;
                return await coordinator.ResumeAsync(_last, null, cancellationToken);
            }
            catch (PartitionBehindException e)
            {
                int checkpoint = _last?.Checkpoint ?? 0;
                if (_last?.Phase == checkpoint && stuckAt == checkpoint)
                {
                    throw new RecsysException($"{run.Prefix}: the checkpoint after half-epoch {checkpoint} is not whole: {e.Message}", e);
                }

                stuckAt = checkpoint;
                Returns++;
                _last = _last is null ? null : await run.ReadPositionAsync(store, checkpoint, cancellationToken);
                _lastCheckpoint = Stopwatch.GetTimestamp();
            }
        }
    }

    /// <summary>The model of a finished run, from what its partitions stored last.</summary>
    /// <param name="losses">The loss after each iteration.</param>
    /// <param name="seconds">Seconds the training took.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="RecsysException">The run is not finished, or the memory does not suffice.</exception>
    public async Task<AlsModel> AssembleAsync(IReadOnlyList<double> losses, double seconds, CancellationToken cancellationToken = default)
    {
        var options = run.Options;
        long stride = (options.Factors + 15) & ~15;
        MemoryBudget.Require(
            ((run.Data.Users + (2L * run.Data.Items)) * stride * sizeof(float)) + (run.Data.Interactions * 16),
            $"the ALS model of {run.Data.Users} users and {run.Data.Items} items",
            "use fewer factors, or a machine with more memory");
        var source = ClusterDataset.Open(store, run.Data);
        var (data, userRows, itemRows) = await source.LoadOrderedAsync(cancellationToken);
        var phases = new AlsSchedule(options, run.Problem).Phases;
        var users = await CollectAsync("user", userRows, phases, cancellationToken);
        var items = await CollectAsync("item", itemRows, phases - 1, cancellationToken);
        JsonObject json = AlsAlgorithm.ToJson(options);
        var facts = ModelFacts.OfTraining(AlsAlgorithm.AlgorithmName, json, data, seconds, losses) with
        {
            DataFingerprint = run.Data.Fingerprint,
        };
        return new AlsModel(data, options, users, items, facts);
    }

    /// <summary>Deletes the state of the run.</summary>
    public ValueTask DeleteAsync(CancellationToken cancellationToken = default) => store.DeleteAsync(run.Prefix, cancellationToken);

    /// <summary>Stores a position, and in it whether the factors of the next half-epoch are to be stored.</summary>
    private async Task StoreAsync(AlsPosition position, CancellationToken cancellationToken)
    {
        int last = 2 * run.Options.Iterations;
        bool iterationSaved = _last is { SaveNext: true } && _last.Phase == position.Phase - 1;
        bool users = AlsSchedule.SolvesUsers(position.Phase);
        bool checkpoint = position.Phase == 0 || (!users && iterationSaved);
        if (checkpoint)
        {
            _lastCheckpoint = Stopwatch.GetTimestamp();
        }

        // An iteration is stored whole; of the last, what the model is made of.
        double bytes = ((double)run.Data.Users + run.Data.Items) * run.Options.Factors * sizeof(float);
        position = position with { Checkpoint = checkpoint ? position.Phase : _last?.Checkpoint ?? 0 };
        int iterations = (position.Phase - position.Checkpoint) / 2;
        bool saveNext = position.Phase >= last - 1
            || (users ? iterationSaved : _checkpoints.IsDue(iterations, Stopwatch.GetElapsedTime(_lastCheckpoint).TotalSeconds, bytes));
        position = position with { SaveNext = saveNext };
        _last = await run.SavePositionAsync(store, position, _last, cancellationToken);
    }

    /// <summary>The factors of a side in the order of the data set.</summary>
    /// <param name="kind">The side.</param>
    /// <param name="indices">Each row's place, in the order of the partitions' rows.</param>
    /// <param name="phase">The half-epoch they are of.</param>
    /// <param name="cancellationToken">Stops it.</param>
    private async Task<DenseMatrix> CollectAsync(string kind, int[] indices, int phase, CancellationToken cancellationToken)
    {
        var matrix = new DenseMatrix(indices.Length, run.Options.Factors);
        int placed = 0;
        for (int partition = 0; partition < run.Options.Partitions; partition++)
        {
            await foreach (var rows in new FactorCheckpoint(store, run.PartitionPrefix(kind, partition)).ReadAsync(phase, cancellationToken))
            {
                for (int r = 0; r < rows.Rows && placed < indices.Length; r++, placed++)
                {
                    rows.Row(r).CopyTo(matrix.Row(indices[placed]));
                }
            }
        }

        return placed == indices.Length ? matrix : throw new RecsysException($"ALS: {placed} of {indices.Length} {kind}s' factors are stored in {run.Prefix}");
    }
}
