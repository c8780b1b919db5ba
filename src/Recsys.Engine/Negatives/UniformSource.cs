namespace Recsys.Engine.Negatives;

/// <summary>Every item alike: of a fixed ascending list, or of all items 0…n − 1 as n grows.</summary>
internal sealed class UniformSource : CandidateSource
{
    private readonly int[]? _items;
    private int _count;

    public UniformSource(int count) => _count = count;

    public UniformSource(int[] items)
    {
        _items = items;
        _count = items.Length;
    }

    public override int Count => _count;

    public override bool IsEmpty => _count == 0;

    public override int Draw(ulong bits) => ItemAt((int)CounterRandom.Below(bits, (ulong)_count));

    public override int ItemAt(int place) => _items is null ? place : _items[place];

    public override ulong WeightAt(int place) => 1;

    public override float LogProbability(int item) => -MathF.Log(_count);

    public override void CountChanged(int item, int count)
    {
        if (_items is null)
        {
            _count = Math.Max(_count, item + 1);
        }
    }
}
