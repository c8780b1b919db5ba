using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Logistic;

/// <summary>Trains logistic matrix factorization, BPR or sampled softmax on all clicks of a data set.</summary>
public static class LmfTrainer
{
    /// <summary>
    /// Trains a model. The result depends on data and options only, not on <see cref="LmfOptions.Threads"/>. Progress has
    /// one report an epoch (phase "epoch") with the average loss of a click.
    /// </summary>
    /// <exception cref="InvalidOptionException">An option is out of range.</exception>
    /// <exception cref="RecsysException">The data is empty, or training diverged.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; nothing is left behind.</exception>
    public static LmfModel Train(
        Dataset data,
        LmfOptions options,
        IProgress<TrainingProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        if (data.Interactions.Count == 0)
        {
            throw new RecsysException($"logistic MF: {(data.Name.Length == 0 ? "the data" : data.Name)} holds no interactions");
        }

        var clock = System.Diagnostics.Stopwatch.StartNew();
        using var pool = new ComputePool(options.Threads);
        var training = new LmfTraining(data.Interactions, options);
        try
        {
            var losses = new List<double>();
            for (int epoch = 0; epoch < options.Epochs; epoch++)
            {
                double start = clock.Elapsed.TotalSeconds;
                losses.Add(training.RunEpoch(epoch, pool, cancellationToken));
                progress?.Report(new TrainingProgress(
                    "epoch", epoch + 1, options.Epochs, losses[^1], $"{clock.Elapsed.TotalSeconds - start:F2} s"));
            }

            var facts = ModelFacts.OfTraining(options.Algorithm, LmfAlgorithm.ToJson(options), data, clock.Elapsed.TotalSeconds, losses);
            return new LmfModel(options, data.Users, data.Items, data.Interactions, training.Users, training.Items, facts);
        }
        catch
        {
            training.Dispose();
            throw;
        }
    }

    /// <summary>Bytes of memory that training takes at its peak, the data itself not counted.</summary>
    public static long EstimateBytes(Dataset data, LmfOptions options)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(options);
        long row = (((options.Factors + 15) & ~15) + 16) * (long)sizeof(float);
        long rows = (long)data.Interactions.Rows + data.Interactions.Columns;

        // Rows of factors; clicks in two orders of 8 bytes each; orders, blocks, counts and samplers of the items.
        return (rows * row) + (data.Interactions.Count * 16) + (data.Interactions.Columns * 64L);
    }
}
