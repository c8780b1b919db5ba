using System.Diagnostics;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Als;

/// <summary>The coordinator's part of a stored training run: begins it or goes on with it, and makes the model at its end.</summary>
/// <param name="run">The run.</param>
/// <param name="store">Where its state is.</param>
/// <param name="checkpoints">When the factors are stored; not given: as by default.</param>
public sealed class StoredAlsTraining(AlsRun run, IBlobStore store, AlsCheckpointRule? checkpoints = null)
{
    // Storing where a run stands when it is told to stop: longer is not waited.
    private static readonly TimeSpan LeavePatience = TimeSpan.FromSeconds(5);

    private const int MostInVain = 10;

    private readonly AlsCheckpointRule _checkpoints = checkpoints ?? new AlsCheckpointRule();
    private readonly AlsSchedule _schedule = new(run.Options, run.Problem);
    private long _lastCheckpoint = Stopwatch.GetTimestamp();
    private volatile AlsPosition? _last;
    private int _attempts;

    /// <summary>How often the partitions went back to a checkpoint together.</summary>
    public int Returns { get; private set; }

    /// <summary>
    /// The Gram matrix of the side that half-epoch <paramref name="phase"/> holds fixed; null where that is not the half-epoch
    /// being run. What the sites of the run make their basis of (<see cref="AlsSite"/>).
    /// </summary>
    public GramMatrix? Gram(int phase) => _last is { } position && position.Phase == phase - 1 ? position.NextGram : null;

    /// <summary>
    /// Trains from where the run stands to the end, and puts the model together. Where a partition has lost factors that were
    /// not stored, all go back to the last checkpoint, and come to the same bits again.
    /// </summary>
    /// <param name="users">The partitions of users.</param>
    /// <param name="items">The partitions of items.</param>
    /// <param name="seconds">Seconds the training has taken so far, for the facts of the model.</param>
    /// <param name="reached">Called before the first half-epoch (also after going back: then with false) and after each; after the last one the model is put together.</param>
    /// <param name="coordinator">Greater than that of every earlier coordinator of the run, which may be at work still: the partitions stop working for those.</param>
    /// <param name="cancellationToken">Stops it; it may be gone on with.</param>
    /// <exception cref="RecsysException">It cannot be trained, another coordinator has taken over, or the memory does not suffice.</exception>
    public async Task<AlsModel> TrainAsync(
        IReadOnlyList<IStoredFactorPartition> users,
        IReadOnlyList<IStoredFactorPartition> items,
        Func<double> seconds,
        Func<AlsPosition, bool, CancellationToken, Task>? reached = null,
        int coordinator = 1,
        CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var losses = await RunAsync(users, items, reached, coordinator, cancellationToken);
            try
            {
                return await AssembleAsync(users, items, losses, seconds, cancellationToken);
            }
            catch (PartitionBehindException)
            {
                Returns++;
            }
        }
    }

    /// <summary>Deletes the state of the run.</summary>
    public ValueTask DeleteAsync(CancellationToken cancellationToken = default) => store.DeleteAsync(run.Prefix, cancellationToken);

    /// <summary>Trains from the last stored position to the end; returns the losses of all iterations.</summary>
    private async Task<IReadOnlyList<double>> RunAsync(
        IReadOnlyList<IStoredFactorPartition> users,
        IReadOnlyList<IStoredFactorPartition> items,
        Func<AlsPosition, bool, CancellationToken, Task>? reached,
        int coordinator,
        CancellationToken cancellationToken)
    {
        var loop = new AlsCoordinator(run.Options, run.Problem, users, items)
        {
            Reached = async (position, token) =>
            {
                position = await KeepAsync(position, token);
                await (reached?.Invoke(position, true, token) ?? Task.CompletedTask);
                return position;
            },
        };
        IStoredFactorPartition[] all = [.. users, .. items];
        GoOnFrom(await run.FindPositionAsync(store, checkpoint: false, cancellationToken));
        for (var (furthest, vain) = (-1, 0); ;)
        {
            try
            {
                // All stop before the first of them goes back: none works with rows of one that has gone back already.
                loop.Attempt = ((long)coordinator << 32) | (uint)++_attempts;
                await Task.WhenAll(all.Select(p => p.BeginAsync(loop.Attempt, cancellationToken)));
                if (_last is not { } last)
                {
                    return await loop.RunAsync(null, cancellationToken);
                }

                await (reached?.Invoke(last, false, cancellationToken) ?? Task.CompletedTask);
                await Task.WhenAll(all.Select(p => p.RestoreAsync(last.Phase, loop.Attempt, cancellationToken)));
                return await loop.ResumeAsync(last, null, cancellationToken);
            }
            catch (PartitionBehindException e)
            {
                Returns++;
                int phase = _last?.Phase ?? 0;
                (furthest, vain) = phase > furthest ? (phase, 0) : (furthest, vain + 1);
                if (vain == MostInVain)
                {
                    throw new RecsysException($"{run.Prefix}: went back {vain} times without coming further than half-epoch {furthest}: {e.Message}", e);
                }

                await Task.Delay(Math.Min(1000, (10 << vain) - 10), cancellationToken);
                GoOnFrom(await run.FindPositionAsync(store, checkpoint: true, cancellationToken));
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                await LeaveAsync();
                throw;
            }
        }
    }

    /// <summary>The model, of the factors that the partitions hold.</summary>
    /// <exception cref="PartitionBehindException">One has lost them.</exception>
    private async Task<AlsModel> AssembleAsync(
        IReadOnlyList<IStoredFactorPartition> users,
        IReadOnlyList<IStoredFactorPartition> items,
        IReadOnlyList<double> losses,
        Func<double> seconds,
        CancellationToken cancellationToken)
    {
        var options = run.Options;
        long stride = (options.Factors + 15) & ~15;
        MemoryBudget.Require(
            ((run.Data.Users + (2L * run.Data.Items)) * stride * sizeof(float)) + (run.Data.Interactions * 16),
            $"the ALS model of {run.Data.Users} users and {run.Data.Items} items",
            "use fewer factors, or a machine with more memory");
        var loaded = await ClusterDataset.Open(store, run.Data).LoadAsync(cancellationToken);
        int maxRows = AlsSite.ChunkRows(options);
        var userFactors = await FactorCollection.CollectAsync(
            users, run.Data.UserBlocks, _schedule.Phases, loaded.UserRows, options.Factors, maxRows, cancellationToken);
        try
        {
            var itemFactors = await FactorCollection.CollectAsync(
                items, run.Data.ItemBlocks, _schedule.Phases - 1, loaded.ItemRows, options.Factors, maxRows, cancellationToken);
            return new AlsModel(loaded.Data, options, userFactors, itemFactors, Facts());
        }
        catch
        {
            userFactors.Dispose();
            throw;
        }

        ModelFacts Facts() => ModelFacts.OfTraining(AlsAlgorithm.AlgorithmName, AlsAlgorithm.ToJson(options), loaded.Data, seconds(), losses) with
        {
            DataFingerprint = loaded.Fingerprint,
        };
    }

    /// <summary>
    /// Decides whether the factors of the next half-epoch are to be stored, and stores the position where it is one to go back to:
    /// the start, and where all partitions have stored an iteration.
    /// </summary>
    private async Task<AlsPosition> KeepAsync(AlsPosition position, CancellationToken cancellationToken)
    {
        bool iterationSaved = _last is { SaveNext: true } && _last.Phase == position.Phase - 1;
        bool users = AlsSchedule.SolvesUsers(position.Phase);
        bool checkpoint = position.Phase == 0 || (!users && iterationSaved);
        if (checkpoint)
        {
            _lastCheckpoint = Stopwatch.GetTimestamp();
        }

        // An iteration is stored whole, and none after the last one: what follows is the model.
        double bytes = ((double)run.Data.Users + run.Data.Items) * run.Options.Factors * sizeof(float);
        position = position with { Checkpoint = checkpoint ? position.Phase : _last?.Checkpoint ?? 0 };
        int iterations = (position.Phase - position.Checkpoint) / 2;
        bool saveNext = position.Phase < 2 * run.Options.Iterations
            && (users ? iterationSaved : _checkpoints.IsDue(iterations, Stopwatch.GetElapsedTime(_lastCheckpoint).TotalSeconds, bytes));
        position = position with { SaveNext = saveNext };
        return _last = checkpoint ? await run.SavePositionAsync(store, position, cancellationToken) : position;
    }

    private void GoOnFrom(AlsPosition? position)
    {
        _last = position;
        _lastCheckpoint = Stopwatch.GetTimestamp();
    }

    /// <summary>Another coordinator goes on from here, where the partitions lose nothing either.</summary>
    private async Task LeaveAsync()
    {
        if (_last is { } position && position.Phase != position.Checkpoint && position.Phase < _schedule.Phases)
        {
            using var patience = new CancellationTokenSource(LeavePatience);
            await ((Task)run.SavePositionAsync(store, position, patience.Token)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
