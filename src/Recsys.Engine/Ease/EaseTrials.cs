using System.Diagnostics;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Numerics;
using Recsys.Engine.Tuning;

namespace Recsys.Engine.Ease;

/// <summary>
/// EASE with many λ on one data set: XᵀX is counted once, each λ costs a copy of it and one inverse. (An eigendecomposition
/// would not pay: to put P together from it takes as many operations as the inverse, n³, besides its own.)
/// </summary>
internal sealed class EaseTrials(Dataset data) : ITrialTrainer
{
    private DenseMatrix? _gram;

    public IRecommenderModel Train(OptionBag options, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        var parsed = new EaseAlgorithm().ParseFor(data, options);
        int n = data.Items.Count;
        if (n == 0 || data.Interactions.Count == 0)
        {
            throw new RecsysException("EASE needs at least one interaction");
        }

        long bytes = EaseTrainer.EstimateBytes(n, parsed);
        MemoryBudget.Require(_gram is null ? bytes + ((long)n * n * sizeof(float)) : bytes, $"EASE on {n} items", "try fewer items");
        var clock = Stopwatch.StartNew();
        using var pool = new ComputePool(parsed.Threads);
        _gram ??= Count(parsed, pool, progress, cancellationToken);
        var matrix = new DenseMatrix(n, n);
        try
        {
            Copy(_gram, matrix, EaseDiagonal.Of(parsed), pool, cancellationToken);
            var weights = EaseTrainer.Solve(matrix, parsed, pool, progress, cancellationToken);
            return new EaseModel(data, parsed, weights, clock.Elapsed.TotalSeconds);
        }
        catch
        {
            matrix.Dispose();
            throw;
        }
    }

    public void Dispose() => _gram?.Dispose();

    private DenseMatrix Count(EaseOptions options, ComputePool pool, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        var gram = new DenseMatrix(data.Items.Count, data.Items.Count);
        try
        {
            EaseTrainer.ComputeGram(data.Interactions, gram, EaseDiagonal.None, options.Partitions, pool, progress, cancellationToken);
            return gram;
        }
        catch
        {
            gram.Dispose();
            throw;
        }
    }

    /// <summary>The lower triangle with Λ on the diagonal, as <see cref="GramPartition"/> writes it.</summary>
    private static void Copy(DenseMatrix gram, DenseMatrix to, EaseDiagonal diagonal, ComputePool pool, CancellationToken cancellationToken) =>
        pool.Run(
            (gram.Rows + 63) / 64,
            (_, chunk) =>
            {
                for (int i = chunk * 64; i < Math.Min(gram.Rows, (chunk + 1) * 64); i++)
                {
                    gram.Row(i)[..(i + 1)].CopyTo(to.Row(i));
                    to.Row(i)[i] = diagonal.Add(gram.Row(i)[i]);
                }
            },
            cancellationToken);
}
