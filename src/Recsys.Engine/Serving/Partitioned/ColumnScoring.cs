using System.Buffers;
using Recsys.Engine.Models;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Serving.Partitioned;

/// <summary>
/// Some columns of an item–item model (EASE): s_j = Σ_i x_i B_ij for the own j, summed in the order of the history as the whole
/// model does, so that scores are the same bits. Safe for any number of concurrent readers.
/// </summary>
public sealed class ColumnScoring : IScoringPartition
{
    private readonly DenseMatrix _weights;
    private readonly ItemSubset _items;

    /// <summary>Serves the columns, which have to stay as they are.</summary>
    /// <param name="items">The items of the columns, strictly ascending dense indices.</param>
    /// <param name="weights">All rows of B, these columns.</param>
    /// <exception cref="RecsysException">The items do not ascend, or are not as many as the columns.</exception>
    public ColumnScoring(int[] items, DenseMatrix weights)
    {
        ArgumentNullException.ThrowIfNull(items);
        ArgumentNullException.ThrowIfNull(weights);
        if (items.Length != weights.Columns)
        {
            throw new RecsysException($"{items.Length} items for {weights.Columns} columns");
        }

        _items = new ItemSubset(items);
        _weights = weights;
    }

    /// <inheritdoc/>
    public ValueTask<ScoredItem[]> TopAsync(ScoringRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        cancellationToken.ThrowIfCancellationRequested();
        int wanted = Math.Min(request.Count, _items.Count);
        using var filter = _items.Localize(request.Filter, request.User.Items.Span);
        var results = ArrayPool<ScoredItem>.Shared.Rent(wanted);
        int found = RowSumScorer.Top(
            _weights, request.User.Items.Span, request.User.Weights.Span, filter.Filter, results.AsSpan(0, wanted));
        var top = _items.Globalize(results.AsSpan(0, found));
        ArrayPool<ScoredItem>.Shared.Return(results);
        return new(top);
    }
}
