namespace Recsys.Grains.Placement;

/// <summary>Deals partitions out to places, moving as few as possible.</summary>
internal static class PartitionSpread
{
    /// <summary>
    /// The place of each partition: every place gets its share (the shares differ by one at most), and a partition stays
    /// where it is unless its place is gone or has more than its share.
    /// </summary>
    /// <param name="current">The place of each partition now; null or an unknown place: none.</param>
    /// <param name="places">The places there are; those without a place come to the first of them that has room.</param>
    public static T[] Assign<T>(IReadOnlyList<T?> current, IReadOnlyList<T> places)
        where T : class
    {
        int share = current.Count / places.Count;
        int extra = current.Count % places.Count;
        var counts = places.ToDictionary(p => p, _ => 0);
        var assigned = new T?[current.Count];
        for (int i = 0; i < assigned.Length; i++)
        {
            if (current[i] is { } place && counts.TryGetValue(place, out int count) && (count < share || (count == share && extra > 0)))
            {
                counts[place] = count + 1;
                extra -= count == share ? 1 : 0;
                assigned[i] = place;
            }
        }

        // Place after place: neighbours among partitions share most of what they need of others.
        int next = 0;
        for (int i = 0; i < assigned.Length; i++)
        {
            while (assigned[i] is null)
            {
                var place = places[next];
                int count = counts[place];
                if (count < share || (count == share && extra > 0))
                {
                    counts[place] = count + 1;
                    extra -= count == share ? 1 : 0;
                    assigned[i] = place;
                }
                else
                {
                    next++;
                }
            }
        }

        return assigned!;
    }
}
