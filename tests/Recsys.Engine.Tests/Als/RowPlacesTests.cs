using Recsys.Engine.Als;
using Recsys.Engine.Data;

namespace Recsys.Engine.Tests.Als;

public sealed class RowPlacesTests
{
    [Fact]
    public void Users_and_items_of_two_worlds_lie_apart()
    {
        // Odd users interact with odd items, even ones with even items; one user in fifty also with one of the others.
        var data = Worlds(users: 400, items: 300);
        var (users, items) = RowPlaces.Of(data.Interactions, data.Interactions.Transpose(), data.Items);
        AssertApart(users);
        AssertApart(items);

        static void AssertApart(int[] places)
        {
            var even = places.Where((_, i) => i % 2 == 0).ToList();
            var odd = places.Where((_, i) => i % 2 == 1).ToList();
            Assert.True(even.Max() < odd.Min() || odd.Max() < even.Min());
        }
    }

    [Fact]
    public void Two_halves_need_little_of_each_other_where_tastes_are_apart_and_all_where_they_are_not()
    {
        Assert.InRange(NeededByTheOtherHalf(Worlds(users: 400, items: 300)), 0.001, 0.1);
        Assert.InRange(NeededByTheOtherHalf(AlsTestData.Create(400, 50, 3, meanLength: 40)), 0.7, 1);
    }

    [Fact]
    public void Blocks_are_of_about_equal_work()
    {
        var data = AlsTestData.Create(3000, 800, 5);
        var byItem = data.Interactions.Transpose();
        var (users, items) = RowOrder.Of(data, byItem);
        foreach (var (order, rows) in new[] { (users, data.Interactions), (items, byItem) })
        {
            Assert.Equal(Enumerable.Range(0, rows.Rows), order.Indices.Order());
            long[] work = [.. Enumerable.Range(0, VirtualBlocks.Count).Select(b => Enumerable.Range(order.BlockStarts[b], order.BlockStarts[b + 1] - order.BlockStarts[b])
                .Sum(p => 16L + rows.Row(order.Indices[p]).Length))];
            long longest = Enumerable.Range(0, rows.Rows).Max(r => 16 + rows.Row(r).Length);
            Assert.InRange(work.Max(), 1, (work.Sum() / VirtualBlocks.Count) + longest);
        }
    }

    [Fact]
    public void Rows_without_interactions_have_a_place_too()
    {
        var data = new Dataset(
            IdTable.FromStrings(["a", "b", "c"]), IdTable.FromStrings(["x", "y"]), new SparseMatrix(3, 2, [0, 0, 1, 1], [1]));
        var (users, items) = RowOrder.Of(data, data.Interactions.Transpose());
        Assert.Equal([0, 1, 2], users.Indices.Order());
        Assert.Equal([0, 1], items.Indices.Order());
        var empty = new Dataset(IdTable.FromStrings([]), IdTable.FromStrings([]), new SparseMatrix(0, 0, [0], []));
        Assert.Empty(RowOrder.Of(empty, empty.Interactions).Users.Indices);
    }

    private static Dataset Worlds(int users, int items)
    {
        var random = new Random(1);
        var rows = Enumerable.Range(0, users).Select(u =>
        {
            var row = new SortedSet<int>();
            while (row.Count < 12)
            {
                row.Add((2 * random.Next(items / 2)) + (u % 2));
            }

            if (u % 50 == 0)
            {
                row.Add((2 * random.Next(items / 2)) + 1);
            }

            return row;
        }).ToList();
        long[] offsets = new long[users + 1];
        for (int u = 0; u < users; u++)
        {
            offsets[u + 1] = offsets[u] + rows[u].Count;
        }

        return new Dataset(
            IdTable.FromStrings(Enumerable.Range(0, users).Select(u => $"user-{u}")),
            IdTable.FromStrings(Enumerable.Range(0, items).Select(i => $"item-{i}")),
            new SparseMatrix(users, items, offsets, [.. rows.SelectMany(r => r)]));
    }

    /// <summary>The share of rows that the half of partitions without them names.</summary>
    private static double NeededByTheOtherHalf(Dataset data)
    {
        var rows = LocalRows.Cut(data, 2);
        return (Needed(rows.Users, rows.ItemOrder) + Needed(rows.Items, rows.UserOrder)) / (double)(data.Users.Count + data.Items.Count);

        static int Needed(PartitionRows[] partitions, RowOrder other)
        {
            return partitions.Select((p, half) => (Needs: RowNeeds.None(other.BlockRows).With(p), Half: half))
                .Sum(p => Enumerable.Range(0, VirtualBlocks.Count).Where(b => b / 32 != p.Half).Sum(b => p.Needs.Of(b).Count));
        }
    }
}
