using Recsys.Engine.Als;
using Recsys.Engine.Data;

namespace Recsys.Engine.Tests.Als;

/// <summary>Small seeded data sets with skewed counts, planted tastes, empty rows and, if asked for, weights and dislikes.</summary>
internal static class AlsTestData
{
    public static Dataset Create(int users, int items, int seed, bool weighted = false, bool dislikes = false, double meanLength = 12)
    {
        var random = new Random(seed);
        var offsets = new long[users + 1];
        var columns = new List<int>();
        var values = new List<float>();
        for (int u = 0; u < users; u++)
        {
            // Some users, and by their rarity some items, have nothing.
            int length = u % 17 == 3 ? 0 : Math.Min(items / 2, 1 + (int)(-Math.Log(1 - random.NextDouble()) * meanLength));
            var row = new SortedSet<int>();
            while (row.Count < length)
            {
                int taste = (u % 4) * items / 4;
                int item = (int)(items * Math.Pow(random.NextDouble(), 2));
                row.Add(random.Next(3) == 0 ? item : taste + (item / 4));
            }

            foreach (int item in row)
            {
                columns.Add(item);
                float weight = weighted ? 0.25f + (3 * random.NextSingle()) : 1;
                values.Add(dislikes && random.Next(5) == 0 ? -weight : weight);
            }

            offsets[u + 1] = columns.Count;
        }

        return new Dataset(
            IdTable.FromStrings(Enumerable.Range(0, users).Select(u => $"user-{u}")),
            IdTable.FromStrings(Enumerable.Range(0, items).Select(i => $"item-{i}")),
            new SparseMatrix(users, items, offsets, [.. columns], weighted || dislikes ? [.. values] : null));
    }

    /// <summary>Two models have the same losses and factors, bit for bit.</summary>
    public static void AssertSame(AlsModel expected, AlsModel actual)
    {
        Assert.Equal(expected.Losses, actual.Losses);
        for (int u = 0; u < expected.Users.Count; u++)
        {
            Assert.True(expected.UserFactors.Row(u).SequenceEqual(actual.UserFactors.Row(u)), $"user {u}");
        }

        for (int i = 0; i < expected.Items.Count; i++)
        {
            Assert.True(expected.ItemFactors.Row(i).SequenceEqual(actual.ItemFactors.Row(i)), $"item {i}");
        }
    }
}
