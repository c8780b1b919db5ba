namespace Recsys.Engine.Negatives;

/// <summary>
/// In-batch negatives: the positives of other clicks of the batch, here a sliding window of the last
/// <see cref="Window"/> clicks, shared by all clicks while they are in it. Their distribution is that of the clicks, i.e.
/// popularity, which <see cref="LogProbability"/> reports so that the loss can take it off (Yi et al. 2019).
/// </summary>
public sealed class InBatchSampler : INegativeSampler
{
    private readonly ItemCounts _counts;
    private readonly int[] _window;
    private int _next;
    private int _filled;

    /// <summary>Creates it with an empty window.</summary>
    /// <param name="window">Clicks in the window, at least 1.</param>
    /// <param name="counts">Popularity of the items; read only, kept current by its owner.</param>
    public InBatchSampler(int window, ItemCounts counts)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(window, 1);
        _window = new int[window];
        _counts = counts;
    }

    /// <summary>Clicks that the window can hold.</summary>
    public int Window => _window.Length;

    /// <inheritdoc/>
    public int Sample(in NegativeRequest request, Span<int> items)
    {
        if (_filled == 0)
        {
            return 0;
        }

        for (int d = 0; d < items.Length; d++)
        {
            int item = Draw(request, (ulong)d * (SourceSampler.MaxRejections + 1));
            if (item < 0)
            {
                return d;
            }

            items[d] = item;
        }

        return items.Length;
    }

    /// <inheritdoc/>
    public float LogProbability(int item) => MathF.Log(_counts[item] / (float)_counts.Total);

    /// <inheritdoc/>
    public void CountChanged(int item, int count)
    {
    }

    /// <inheritdoc/>
    public void Clicked(int item)
    {
        _window[_next] = item;
        _next = _next + 1 == _window.Length ? 0 : _next + 1;
        _filled = Math.Min(_filled + 1, _window.Length);
    }

    /// <summary>The clicks in the window, oldest first: with them <see cref="Clicked"/> restores the sampler.</summary>
    public int[] ToArray() =>
        [.. Enumerable.Range(0, _filled).Select(i => _window[(_next - _filled + i + _window.Length) % _window.Length])];

    private int Draw(in NegativeRequest request, ulong counter)
    {
        // Places count from the oldest click, so that a restored window draws the same.
        int oldest = _next - _filled + _window.Length;
        for (ulong t = 0; t < SourceSampler.MaxRejections; t++)
        {
            int item = At(oldest + (int)CounterRandom.Below(CounterRandom.At(request.Key, counter + t), (ulong)_filled));
            if (request.Allows(item))
            {
                return item;
            }
        }

        int allowed = 0;
        for (int i = 0; i < _filled; i++)
        {
            allowed += request.Allows(At(oldest + i)) ? 1 : 0;
        }

        ulong bits = CounterRandom.At(request.Key, counter + SourceSampler.MaxRejections);
        int rest = (int)CounterRandom.Below(bits, (ulong)allowed);
        for (int i = 0; i < _filled; i++)
        {
            int item = At(oldest + i);
            if (request.Allows(item) && rest-- == 0)
            {
                return item;
            }
        }

        return -1;
    }

    private int At(int place) => _window[place >= _window.Length ? place - _window.Length : place];
}
