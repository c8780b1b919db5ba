using Recsys.Engine.Online.Partitioned;

namespace Recsys.Engine.Online;

/// <summary>Logistic MF that shares its items with other engines.</summary>
internal sealed partial class OnlineState
{
    /// <summary>Whether logistic MF has heard of what others made of items.</summary>
    public bool HeardOthers { get; private set; }

    /// <summary>Takes in what other engines made of items, which may be new, as long as there are not too many.</summary>
    public void Hear(ItemFactorRows sums, long mostItems)
    {
        if (sums.Items.Count > 0 && sums.Length != _lmf!.ShareLength)
        {
            throw new RecsysException($"item factors: {sums.Length} numbers an item came, {_lmf.ShareLength} are learned here: all silos need the same options of the live model");
        }

        _lock.EnterWriteLock();
        try
        {
            for (int e = 0; e < sums.Items.Count; e++)
            {
                if (!_items.TryGetIndex(sums.Items[e], out int item))
                {
                    if (_items.Count >= mostItems)
                    {
                        continue;
                    }

                    item = _items.GetOrAdd(sums.Items[e]);
                    GrowItems(item + 1);
                }

                _lmf!.Hear(item, sums.Row(e));
            }

            HeardOthers |= sums.Items.Count > 0;
        }
        finally
        {
            _lock.ExitWriteLock();
        }
    }

    /// <summary>Logistic MF that is new here learns the pairs there are, in the order of their last events.</summary>
    private void LearnHistories()
    {
        var pairs = new List<(long Time, int User, int Item, float Weight)>();
        for (int u = 0; u < _histories.Users; u++)
        {
            for (int e = 0; e < _histories.Items(u).Length; e++)
            {
                pairs.Add((_histories.Times(u)[e], u, _histories.Items(u)[e], _histories.Weights(u)[e]));
            }
        }

        pairs.Sort();
        foreach (var (_, user, item, weight) in pairs)
        {
            _lmf!.Learn(user, item, weight);
        }
    }
}
