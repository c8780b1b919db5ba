using Recsys.Engine.Als;
using Recsys.Engine.Data;

namespace Recsys.Cluster.Tests.Training;

internal static class TrainingData
{
    /// <summary>A few hundred users with tastes.</summary>
    public static Dataset Small(int users = 400, int items = 100, int seed = 1)
    {
        var random = new Random(seed);
        var offsets = new long[users + 1];
        var columns = new List<int>();
        for (int u = 0; u < users; u++)
        {
            var row = new SortedSet<int>();
            int length = u % 13 == 5 ? 0 : Math.Min(items, 1 + random.Next(20));
            while (row.Count < length)
            {
                row.Add(random.Next(2) == 0 ? random.Next(items) : (u % 4 * items / 4) + random.Next(items / 4));
            }

            columns.AddRange(row);
            offsets[u + 1] = columns.Count;
        }

        return new Dataset(
            IdTable.FromStrings(Enumerable.Range(0, users).Select(u => $"user-{u}")),
            IdTable.FromStrings(Enumerable.Range(0, items).Select(i => $"item-{i}")),
            new SparseMatrix(users, items, offsets, [.. columns]))
        { Name = "small" };
    }

    public static void AssertSame(AlsModel expected, AlsModel actual)
    {
        Assert.Equal(expected.Losses, actual.Losses);
        Assert.Equal(Enumerable.Range(0, expected.Users.Count).Select(i => expected.Users[i]), Enumerable.Range(0, actual.Users.Count).Select(i => actual.Users[i]));
        for (int u = 0; u < expected.Users.Count; u++)
        {
            Assert.True(expected.UserFactors.Row(u).SequenceEqual(actual.UserFactors.Row(u)), $"user {u}");
            Assert.True(expected.Histories.Row(u).SequenceEqual(actual.Histories.Row(u)), $"history of {u}");
        }

        for (int i = 0; i < expected.Items.Count; i++)
        {
            Assert.True(expected.ItemFactors.Row(i).SequenceEqual(actual.ItemFactors.Row(i)), $"item {i}");
        }
    }
}
