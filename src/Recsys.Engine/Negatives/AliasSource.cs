namespace Recsys.Engine.Negatives;

/// <summary>Popularity^a over a fixed ascending list of items with fixed counts, by an alias table.</summary>
internal sealed class AliasSource : CandidateSource
{
    private readonly int[]? _items;
    private readonly int _count;
    private readonly ulong[] _weights;
    private readonly float[] _logProbability;
    private readonly AliasTable? _table;

    /// <summary>Of all items, or with <paramref name="items"/> of those.</summary>
    public AliasSource(ItemCounts counts, double exponent, int[]? items = null)
    {
        _items = items;
        _count = items?.Length ?? counts.Items;
        _weights = new ulong[_count];
        _logProbability = new float[_count];
        bool any = false;
        for (int p = 0; p < _count; p++)
        {
            _weights[p] = PopularityWeight.Of(counts[items is null ? p : items[p]], exponent);
            any |= _weights[p] != 0;
        }

        if (any)
        {
            _table = new AliasTable(_weights);
            for (int p = 0; p < _count; p++)
            {
                _logProbability[p] = (float)Math.Log(_weights[p] / _table.Total);
            }
        }
    }

    public override int Count => _count;

    public override bool IsEmpty => _table is null;

    public override int Draw(ulong bits) => ItemAt(_table!.Draw(bits));

    public override int ItemAt(int place) => _items is null ? place : _items[place];

    public override ulong WeightAt(int place) => _weights[place];

    public override float LogProbability(int item)
    {
        int place = _items is null ? item : _items.AsSpan().BinarySearch(item);
        return place >= 0 ? _logProbability[place] : float.NegativeInfinity;
    }

    public override void CountChanged(int item, int count) =>
        throw new InvalidOperationException("this sampler's counts are fixed; make a live one");
}
