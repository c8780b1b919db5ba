using FsCheck;
using FsCheck.Fluent;
using Recsys.Engine.Als;

namespace Recsys.Engine.Tests.Als;

public sealed class FetchPlanTests
{
    [Fact]
    public void A_selection_names_the_rows_whose_bits_are_set()
    {
        var selection = new RowSelection([0b1001, 1UL << 63, 1]);
        Assert.Equal(4, selection.Count);
        Assert.Equal([0, 3, 127, 128], selection.Rows.ToArray());
        Assert.True(selection.Contains(127));
        Assert.False(selection.Contains(1));
        Assert.False(selection.Contains(1000));
        Assert.Equal([0, 124, 125], selection.Slice(3, 126).Rows.ToArray());
        Assert.Empty(selection.Slice(4, 100).Rows.ToArray());
    }

    [Fact]
    public void Whole_blocks_are_asked_for_together_while_they_fit_and_a_large_one_in_pieces()
    {
        var owners = Owners([0, 0, 0, 0, 0, 1]);
        var plan = FetchPlan.Create([3, 2, 0, 2, 9, 1], owners, needs: null, maxRows: 5);
        Assert.Equal(
            [(0, 0, 5), (3, 0, 2), (4, 0, 5), (4, 5, 4), (5, 0, 1)],
            plan.Partitions.SelectMany(p => p).Select(r => (r.Block, r.FirstRow, r.Rows)));
        Assert.Equal([4, 1], plan.Partitions.Select(p => p.Count));
        Assert.All(plan.Partitions, p => Assert.All(p, r => Assert.Same(owners[r.Block], r.Owner)));
    }

    [Theory]
    [InlineData(0, new[] { 0, 2, 3, 5 })]
    [InlineData(1, new[] { 0, 2, 3, 5 })]
    [InlineData(3, new[] { 3, 5, 0, 2 })]
    [InlineData(5, new[] { 5, 0, 2, 3 })]
    [InlineData(64, new[] { 0, 2, 3, 5 })]
    public void It_begins_with_the_partition_of_a_block_and_comes_round_to_the_others(int from, int[] blocks)
    {
        var plan = FetchPlan.Create([3, 2, 4, 2, 9, 1], Owners([0, 0, 1, 2, 2, 3]), needs: null, maxRows: 20, from);
        Assert.Equal(blocks, plan.Partitions.Select(p => p[0].Block));
    }

    [Fact]
    public void A_plan_asks_for_the_rows_that_are_needed_once_each_and_for_no_others()
    {
        var cases = Gen.Choose(1, 1_000_000).ToArbitrary();
        Prop.ForAll(cases, seed =>
        {
            var random = new Random(seed);
            var data = AlsTestData.Create(200, 300, seed);
            var rows = LocalRows.Cut(data, 4);
            int[] blockRows = rows.ItemOrder.BlockRows;
            var needs = RowNeeds.None(blockRows).With(rows.Users[1]).With(rows.Users[3]);
            Assert.Same(needs, needs.With(rows.Users[1]));

            // By hand: the items of the users of both partitions, by their place among all.
            var expected = new[] { rows.Users[1], rows.Users[3] }
                .SelectMany(p => Enumerable.Range(0, p.Count).SelectMany(r => data.Interactions.Row(p.Index(r)).ToArray()))
                .Select(i => Array.IndexOf(rows.ItemOrder.Indices, i))
                .ToHashSet();
            int maxRows = 1 + random.Next(random.Next(2) == 0 ? 8 : 500);
            var owners = Owners([.. Enumerable.Range(0, VirtualBlocks.Count).Select(b => b / (1 + (seed % 20)))]);
            var asked = new List<int>();
            foreach (var request in FetchPlan.Create(blockRows, owners, needs, maxRows, random.Next(70)).Partitions.SelectMany(p => p))
            {
                Assert.InRange(request.Wanted!.Count, 1, maxRows);
                Assert.InRange(request.Wanted.Rows[^1], 0, request.Rows - 1);
                foreach (int row in request.Wanted.Rows)
                {
                    asked.Add(rows.ItemOrder.BlockStarts[request.Block] + request.FirstRow + row);
                }
            }

            Assert.Equal(asked.Count, expected.Count);
            Assert.True(expected.SetEquals(asked));
        }).QuickCheckThrowOnFailure();
    }

    private static IFactorPartition[] Owners(int[] owner)
    {
        var partitions = owner.Distinct().ToDictionary(o => o, _ => (IFactorPartition)new WirePartition(null!));
        return [.. owner.Select(o => partitions[o])];
    }
}
