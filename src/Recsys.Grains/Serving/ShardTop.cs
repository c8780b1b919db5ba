using Recsys.Engine.Models;

namespace Recsys.Grains.Serving;

/// <summary>The best items of a partition, as columns.</summary>
/// <param name="Items">The model's indices, best first.</param>
/// <param name="Scores">The score of each.</param>
[GenerateSerializer, Immutable, Alias("recsys.shard-top")]
public sealed record ShardTop([property: Id(0)] int[] Items, [property: Id(1)] float[] Scores)
{
    internal static ShardTop Of(ScoredItem[] items) => new(Array.ConvertAll(items, i => i.Item), Array.ConvertAll(items, i => i.Score));

    internal ScoredItem[] ToItems()
    {
        var items = new ScoredItem[Items.Length];
        for (int i = 0; i < items.Length; i++)
        {
            items[i] = new ScoredItem(Items[i], Scores[i]);
        }

        return items;
    }
}
