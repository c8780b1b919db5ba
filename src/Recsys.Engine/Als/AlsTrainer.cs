using System.Diagnostics;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Numerics;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Als;

/// <summary>Trains implicit ALS in this process.</summary>
public static class AlsTrainer
{
    /// <summary>Trains a model. The same data, options and seed give the same bits for any number of threads and partitions.</summary>
    /// <exception cref="InvalidOptionException">An option is out of its range.</exception>
    /// <exception cref="NotPositiveDefiniteException">A row's system is singular: the message names it; λ is too small.</exception>
    /// <exception cref="RecsysException">Weights are not finite, or the memory does not suffice.</exception>
    public static AlsModel Train(
        Dataset data, AlsOptions options, IProgress<TrainingProgress>? progress = null, CancellationToken ct = default)
    {
        Require(data, options);
        long start = Stopwatch.GetTimestamp();
        using var pool = new ComputePool(options.Threads);
        using var sides = new LocalSides(data, options, pool);
        var coordinator = new AlsCoordinator(options, sides.Problem, sides.Users, sides.Items);

        // Partitions of this process finish their calls before they return: nothing is waited for.
        var losses = coordinator.RunAsync(progress, ct).GetAwaiter().GetResult();
        DenseMatrix users = sides.CollectUsers(), items = sides.CollectItems();
        var facts = ModelFacts.OfTraining(
            AlsAlgorithm.AlgorithmName, AlsAlgorithm.ToJson(options), data, Stopwatch.GetElapsedTime(start).TotalSeconds, losses);
        return new AlsModel(data, options, users, items, facts);
    }

    /// <summary>Refuses what cannot be trained; see <see cref="Train"/>.</summary>
    internal static void Require(Dataset data, AlsOptions options)
    {
        options.Validate();
        if (data.Interactions.Count == 0)
        {
            throw new RecsysException("ALS needs at least one interaction");
        }

        MemoryBudget.Require(
            EstimateBytes(data.Users.Count, data.Items.Count, data.Interactions.Count, data.Interactions.HasValues, options),
            $"ALS with {options.Factors} factors for {data.Users.Count} users and {data.Items.Count} items",
            "use fewer factors, or a machine or cluster with more memory");
        CheckWeights(data);
    }

    /// <summary>Bytes that training needs beside the data set: the interactions both ways, and the factors a few times.</summary>
    public static long EstimateBytes(long users, long items, long interactions, bool weighted, AlsOptions options)
    {
        long stride = (options.Factors + 15) & ~15;
        long elements = interactions * (weighted ? 8 : 4);
        long factors = (users + items) * stride * sizeof(float);
        long order = (users + items) * 40;
        int threads = options.Threads == 0 ? Environment.ProcessorCount : options.Threads;
        long scratch = threads * ((2 * stride * (stride + 16)) + (64 * stride)) * sizeof(float);
        long grams = 2L * VirtualBlocks.Count * options.Factors * options.Factors * sizeof(float);

        // The transpose of the data lives while the rows are cut; later the factors, the whitened ones, the model's and its
        // index of the items.
        return (2 * elements) + order + scratch + grams + Math.Max(elements, (3 * factors) + (items * stride * sizeof(float)));
    }

    private static void CheckWeights(Dataset data)
    {
        for (int u = 0; u < data.Interactions.Rows && data.Interactions.HasValues; u++)
        {
            var weights = data.Interactions.RowValues(u);
            for (int e = 0; e < weights.Length; e++)
            {
                if (!float.IsFinite(weights[e]))
                {
                    throw new RecsysException(
                        $"ALS: the weight of user '{data.Users[u]}', item '{data.Items[data.Interactions.Row(u)[e]]}' is {weights[e]}; expected a finite number");
                }
            }
        }
    }
}
