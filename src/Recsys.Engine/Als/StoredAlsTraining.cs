using System.Text.Json.Nodes;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Numerics;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Als;

/// <summary>The coordinator's part of a stored training run: begins it or goes on with it, and makes the model at its end.</summary>
/// <param name="run">The run.</param>
/// <param name="store">Where its state is.</param>
public sealed class StoredAlsTraining(AlsRun run, IBlobStore store)
{
    /// <summary>
    /// Trains from where the run stands to the end. Returns the losses of all iterations.
    /// </summary>
    /// <param name="users">The partitions of users.</param>
    /// <param name="items">The partitions of items.</param>
    /// <param name="reached">Called before the first half-epoch and after each, once its position is stored.</param>
    /// <param name="cancellationToken">Stops it; it may be gone on with.</param>
    public async Task<IReadOnlyList<double>> RunAsync(
        IReadOnlyList<IFactorPartition> users,
        IReadOnlyList<IFactorPartition> items,
        Func<AlsPosition, CancellationToken, Task>? reached = null,
        CancellationToken cancellationToken = default)
    {
        var coordinator = new AlsCoordinator(run.Options, run.Problem, users, items)
        {
            Reached = async (position, token) =>
            {
                await run.SavePositionAsync(store, position, token);
                await (reached?.Invoke(position, token) ?? Task.CompletedTask);
            },
        };
        var position = await run.FindPositionAsync(store, cancellationToken);
        if (position is null)
        {
            return await coordinator.RunAsync(null, cancellationToken);
        }

        await (reached?.Invoke(position, cancellationToken) ?? Task.CompletedTask);
        return await coordinator.ResumeAsync(position, null, cancellationToken);
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
