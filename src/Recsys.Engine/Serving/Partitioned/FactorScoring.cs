using System.Buffers;
using Recsys.Engine.Compute;
using Recsys.Engine.Models;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Serving.Partitioned;

/// <summary>
/// Some items of a factor model (ALS), scored by the dot product with the user's factors. With float32 storage scores are
/// those of the whole model bit for bit; rounded storage that rescores ranks more candidates than the whole model does.
/// Safe for any number of concurrent readers.
/// </summary>
public sealed class FactorScoring : IScoringPartition, IDisposable
{
    private readonly FactorIndex _index;
    private readonly ItemSubset _items;
    private readonly float[] _nobody;

    /// <summary>Copies the factors into an index.</summary>
    /// <param name="items">The items of the rows, strictly ascending dense indices.</param>
    /// <param name="factors">One row an item. With <paramref name="rescore"/> they have to stay as they are.</param>
    /// <param name="storage">How to keep them.</param>
    /// <param name="rescore">See <see cref="FactorIndex"/>.</param>
    /// <param name="pool">Threads that help to copy.</param>
    /// <exception cref="RecsysException">The items do not ascend, or are not as many as the rows; or a factor is not finite.</exception>
    public FactorScoring(
        int[] items, DenseMatrix factors, FactorStorage storage = FactorStorage.Float32, bool rescore = false, ComputePool? pool = null)
    {
        ArgumentNullException.ThrowIfNull(items);
        ArgumentNullException.ThrowIfNull(factors);
        if (items.Length != factors.Rows)
        {
            throw new RecsysException($"{items.Length} items for {factors.Rows} rows of factors");
        }

        _items = new ItemSubset(items);
        _index = new FactorIndex(factors, storage, rescore, pool);
        _nobody = new float[factors.Columns];
    }

    /// <inheritdoc/>
    public ValueTask<ScoredItem[]> TopAsync(ScoringRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        cancellationToken.ThrowIfCancellationRequested();
        int wanted = Math.Min(request.Count, _items.Count);
        using var filter = _items.Localize(request.Filter, request.User.Items.Span);
        var results = ArrayPool<ScoredItem>.Shared.Rent(wanted);

        // A profile of nobody has no factors, which is the same as zeros.
        var factors = request.User.Factors.IsEmpty && request.User.Items.IsEmpty ? _nobody : request.User.Factors.Span;
        int found = _index.Top(factors, default, filter.Filter, results.AsSpan(0, wanted));
        var top = _items.Globalize(results.AsSpan(0, found));
        ArrayPool<ScoredItem>.Shared.Return(results);
        return new(top);
    }

    /// <inheritdoc/>
    public void Dispose() => _index.Dispose();
}
