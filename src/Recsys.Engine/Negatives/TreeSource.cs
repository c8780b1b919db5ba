namespace Recsys.Engine.Negatives;

/// <summary>Popularity^a over all items with counts that change, by a sum tree: right at any moment.</summary>
internal sealed class TreeSource : CandidateSource
{
    private readonly SumTree _tree = new();
    private readonly double _exponent;

    public TreeSource(ItemCounts counts, double exponent)
    {
        _exponent = exponent;
        for (int item = 0; item < counts.Items; item++)
        {
            CountChanged(item, counts[item]);
        }
    }

    public override int Count => _tree.Count;

    public override bool IsEmpty => _tree.Total == 0;

    public override int Draw(ulong bits) => _tree.Draw(bits);

    public override int ItemAt(int place) => place;

    public override ulong WeightAt(int place) => _tree[place];

    public override float LogProbability(int item) => MathF.Log(_tree[item] / (float)_tree.Total);

    public override void CountChanged(int item, int count) => _tree.Set(item, PopularityWeight.Of(count, _exponent));
}
