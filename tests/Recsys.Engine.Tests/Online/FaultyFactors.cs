using Recsys.Engine.Compute;
using Recsys.Engine.Online.Partitioned;

namespace Recsys.Engine.Tests.Online;

/// <summary>
/// An item partition's factors behind a bad line: when it is told to misbehave, batches are lost, their answers are, they come twice,
/// and come again much later; and it may lose its memory.
/// </summary>
internal sealed class FaultyFactors(int sources) : IItemFactorSide
{
    private readonly SplitMix64 _random = new(3);
    private readonly List<ItemFactorBatch> _late = [];
    private readonly Lock _gate = new();

    public ItemFactors Now { get; private set; } = new(sources);

    public bool Misbehaves { get; set; }

    public void Lose() => Now = new ItemFactors(sources);

    public ValueTask<long> ApplyFactorsAsync(ItemFactorBatch batch, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            if (!Misbehaves)
            {
                return Now.ApplyFactorsAsync(batch, cancellationToken);
            }

            switch (_random.NextInt(6))
            {
                case 0:
                    throw new TimeoutException("lost on its way");
                case 1:
                    Now.Apply(batch);
                    throw new TimeoutException("the answer is lost");
                case 2:
                    _late.Add(batch);
                    throw new TimeoutException("late");
                case 3:
                    Now.Apply(batch);
                    return new(Now.Apply(batch));
                case 4 when _late.Count > 0:
                    var old = _late[_random.NextInt(_late.Count)];
                    Now.Apply(old);
                    return new(Now.Apply(batch));
                default:
                    long known = Now.Apply(batch);
                    foreach (var late in _late)
                    {
                        Now.Apply(late);
                    }

                    return new(known);
            }
        }
    }

    public ValueTask<ItemFactorChanges> ReadFactorsAsync(ItemFactorQuery query, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            return Misbehaves && _random.NextInt(5) == 0 ? throw new TimeoutException("no answer") : Now.ReadFactorsAsync(query, cancellationToken);
        }
    }
}
