namespace Recsys.Engine.Negatives;

/// <summary>
/// Draws from a <see cref="CandidateSource"/> and rejects the user's items. After <see cref="MaxRejections"/> rejections in a row
/// (a user who has seen nearly everything) one pass over the source draws exactly from what is left, so the
/// distribution is always the source's, conditioned on items the user has not seen.
/// </summary>
internal sealed class SourceSampler(CandidateSource source) : INegativeSampler
{
    /// <summary>Draws rejected before the exact pass; also bounds the numbers one draw takes from its key.</summary>
    public const int MaxRejections = 63;

    public int Sample(in NegativeRequest request, Span<int> items)
    {
        for (int d = 0; d < items.Length; d++)
        {
            int item = Draw(request, (ulong)d * (MaxRejections + 1));
            if (item < 0)
            {
                return d;
            }

            items[d] = item;
        }

        return items.Length;
    }

    public float LogProbability(int item) => source.LogProbability(item);

    public void CountChanged(int item, int count) => source.CountChanged(item, count);

    public void Clicked(int item)
    {
    }

    private int Draw(in NegativeRequest request, ulong counter)
    {
        if (!source.IsEmpty)
        {
            for (ulong t = 0; t < MaxRejections; t++)
            {
                int item = source.Draw(CounterRandom.At(request.Key, counter + t));
                if (request.Allows(item))
                {
                    return item;
                }
            }
        }

        return DrawFromWhatIsLeft(request, CounterRandom.At(request.Key, counter + MaxRejections));
    }

    private int DrawFromWhatIsLeft(in NegativeRequest request, ulong bits)
    {
        UInt128 total = 0;
        ulong allowed = 0;
        for (int p = 0; p < source.Count; p++)
        {
            if (request.Allows(source.ItemAt(p)))
            {
                total += source.WeightAt(p);
                allowed++;
            }
        }

        // Items that nobody has are drawn alike when only such are left.
        bool alike = total == 0;
        ulong rest = CounterRandom.Below(bits, alike ? allowed : (ulong)total);
        for (int p = 0; p < source.Count; p++)
        {
            int item = source.ItemAt(p);
            if (!request.Allows(item))
            {
                continue;
            }

            ulong weight = alike ? 1 : source.WeightAt(p);
            if (rest < weight)
            {
                return item;
            }

            rest -= weight;
        }

        return -1;
    }
}
