namespace Recsys.Engine.Online.Partitioned;

/// <summary>Popular items of all partitions as one ranking.</summary>
public static class PopularRanking
{
    /// <summary>
    /// The most popular items of lists of several partitions, each with its share of all popularity; equal ones by id.
    /// </summary>
    /// <param name="partitions">Of each partition its best items, its total mass, and the landmark both are scaled to.</param>
    /// <param name="halfLife">The time in which a click's share halves.</param>
    /// <param name="count">How many.</param>
    public static IReadOnlyList<(string Item, float Share)> Merge(
        IReadOnlyList<(IReadOnlyList<ItemStatistics> Items, double TotalMass, long Landmark)> partitions, TimeSpan halfLife, int count)
    {
        ArgumentNullException.ThrowIfNull(partitions);
        var known = partitions.Where(p => p.TotalMass > 0).ToList();
        if (known.Count == 0)
        {
            return [];
        }

        long landmark = known.Min(p => p.Landmark);
        double total = known.Sum(p => p.TotalMass * Scale(p.Landmark));
        return
        [
            .. known.SelectMany(p => p.Items)
                .Select(i => (i.Item, Share: i.Mass * Scale(i.Landmark) / total))
                .OrderByDescending(i => i.Share)
                .ThenBy(i => i.Item, StringComparer.Ordinal)
                .Take(count)
                .Select(i => (i.Item, (float)i.Share)),
        ];

        double Scale(long from) => double.Exp2((from - landmark) / halfLife.TotalMilliseconds);
    }
}
