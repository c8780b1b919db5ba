using Recsys.Engine.Data;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Ease.Distributed;

/// <summary>Puts the whole model together from the partitions, to be stored or served from every host.</summary>
public static class EaseAssembly
{
    /// <summary>
    /// Fetches B. The partitions must have finished, and keep what they have; but one that owns all columns and is in this process gives
    /// its memory away: there is no second matrix.
    /// </summary>
    /// <param name="plan">The plan of the training.</param>
    /// <param name="outcome">What <see cref="EaseCoordinator.RunAsync"/> returned.</param>
    /// <param name="partitions">The partitions, by number.</param>
    /// <param name="data">The data trained on.</param>
    /// <param name="fingerprint">The fingerprint of the data; empty: it is computed when the model is stored.</param>
    /// <param name="here">The host of partitions in this process; null: all are elsewhere, or are to keep what they have.</param>
    /// <param name="cancellationToken">Ends the fetching.</param>
    /// <exception cref="PartitionUnreachableException">
    /// A partition cannot be reached, or has lost its columns: <see cref="EaseCoordinator.ResumeAsync"/> makes them again.
    /// </exception>
    /// <exception cref="RecsysException">The memory does not suffice.</exception>
    public static async Task<EaseModel> CollectAsync(
        EasePlan plan,
        EaseOutcome outcome,
        IReadOnlyList<IEasePartition> partitions,
        Dataset data,
        string fingerprint,
        EaseHost? here,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(outcome);
        ArgumentNullException.ThrowIfNull(partitions);
        ArgumentNullException.ThrowIfNull(data);
        var own = plan.Partitions == 1 ? here?.Local(0)?.TakeColumns(plan.Training, outcome.Attempt) : null;
        var weights = own is null
            ? await FetchAsync(plan, outcome, partitions, cancellationToken)
            : EaseWeights.FromDense(own.Weights, own.InverseDiagonal);
        return new EaseModel(data, plan.Options, weights, outcome.Seconds, fingerprint);
    }

    private static async Task<EaseWeights> FetchAsync(
        EasePlan plan, EaseOutcome outcome, IReadOnlyList<IEasePartition> partitions, CancellationToken cancellationToken)
    {
        Compute.MemoryBudget.Require(
            EaseTrainer.EstimateBytes(plan.Items, plan.Options), $"the EASE model of {plan.Items} items", "serve it from the partitions");
        var layout = new EaseLayout(plan);
        var weights = new DenseMatrix(plan.Items, plan.Items);
        var diagonal = new float[plan.Items];
        try
        {
            for (int p = 0; p < layout.Partitions; p++)
            {
                var partition = partitions[p];
                int columns = layout.Columns(p);
                for (int row = 0; columns > 0 && row < plan.Items;)
                {
                    int first = row;
                    var block = await EaseCalls.MakeAsync(
                        ct => partition.GetColumnsAsync(
                            plan.Training, outcome.Attempt, EaseStage.Finished, first, plan.Items - first, columns, ct).AsTask(),
                        $"fetching columns of partition {p}",
                        cancellationToken);
                    Place(block, first, layout, p, weights);
                    row += block.Rows;
                    block.Release();
                }

                float[] own = await EaseCalls.MakeAsync(
                    ct => partition.GetDiagonalAsync(plan.Training, outcome.Attempt, ct), $"fetching the diagonal of partition {p}", cancellationToken);
                int[] items = layout.ItemsOf(p);
                for (int c = 0; c < columns; c++)
                {
                    diagonal[items[c]] = own[c];
                }
            }

            return EaseWeights.FromDense(weights, diagonal);
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    private static void Place(PanelBlock block, int first, EaseLayout layout, int partition, DenseMatrix weights)
    {
        if (block.First != first || block.Rows < 1 || block.Rows > layout.Items - first || block.Columns != layout.Columns(partition))
        {
            throw new RecsysException(
                $"EASE: asked for rows from {first} of partition {partition}, got {block.Rows} x {block.Columns} from {block.First}");
        }

        for (int r = 0; r < block.Rows; r++)
        {
            var from = block.Row(r);
            var to = weights.Row(first + r);
            foreach (int chunk in layout.Owned(partition))
            {
                from.Slice(layout.LocalColumn(chunk), layout.Width(chunk)).CopyTo(to[(chunk * layout.Block)..]);
            }
        }
    }
}
