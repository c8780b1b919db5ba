using Recsys.Engine.Data;

namespace Recsys.Engine.Tests.Logistic;

/// <summary>A small seeded data set: users of some groups click items of their group's shelf, popular ones more.</summary>
internal static class PlantedTastes
{
    public static Dataset Make(int users = 150, int items = 90, int groups = 3, int clicks = 14, bool weighted = false, int seed = 1)
    {
        var random = new Random(seed);
        var offsets = new long[users + 1];
        var columns = new List<int>();
        for (int u = 0; u < users; u++)
        {
            var chosen = new SortedSet<int>();
            while (chosen.Count < clicks)
            {
                // Nine in ten clicks stay on the group's shelf; low places are popular.
                int shelf = random.NextDouble() < 0.9 ? u % groups : random.Next(groups);
                int place = (int)(items / groups * Math.Pow(random.NextDouble(), 1.7));
                chosen.Add((place * groups) + shelf);
            }

            columns.AddRange(chosen);
            offsets[u + 1] = columns.Count;
        }

        float[]? values = weighted ? columns.Select(_ => random.Next(8) == 0 ? -1f : random.Next(1, 4)).ToArray() : null;
        return new Dataset(
            IdTable.Sequential(users), IdTable.Sequential(items), new SparseMatrix(users, items, offsets, [.. columns], values))
        {
            Name = "planted tastes",
        };
    }
}
