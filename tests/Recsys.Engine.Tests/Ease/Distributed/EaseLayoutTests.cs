using Recsys.Engine.Ease;
using Recsys.Engine.Ease.Distributed;

namespace Recsys.Engine.Tests.Ease.Distributed;

public sealed class EaseLayoutTests
{
    [Theory]
    [InlineData(1000, 96, 3)]
    [InlineData(1000, 96, 1)]
    [InlineData(96, 96, 2)]
    [InlineData(5000, 192, 7)]
    [InlineData(200, 96, 5)]
    public void Every_item_and_every_panel_block_has_one_owner(int items, int block, int partitions)
    {
        var layout = Layout(items, block, partitions);
        int[] all = [.. Enumerable.Range(0, partitions).SelectMany(layout.ItemsOf)];
        Assert.Equal(Enumerable.Range(0, items), all.Order());
        for (int p = 0; p < partitions; p++)
        {
            Assert.Equal(layout.ItemsOf(p).Order(), layout.ItemsOf(p));
            Assert.Equal(layout.Columns(p), layout.ItemsOf(p).Length);
            foreach (int chunk in layout.Owned(p))
            {
                Assert.Equal(p, layout.OwnerOf(chunk));
                Assert.Equal(chunk * block, layout.ItemsOf(p)[layout.LocalColumn(chunk)]);
            }
        }

        for (int pivot = 0; pivot < layout.Chunks; pivot++)
        {
            int[] panel = [.. Enumerable.Range(0, partitions).SelectMany(p => layout.PanelOf(p, pivot))];
            Assert.Equal(Enumerable.Range(0, layout.Chunks).Where(c => c != pivot), panel.Order());
        }
    }

    [Theory]
    [InlineData(40_981, 384, 2)]
    [InlineData(40_981, 384, 8)]
    [InlineData(3_502, 192, 2)]
    public void Work_and_memory_are_even(int items, int block, int partitions)
    {
        // Blocks of a column from the diagonal down are what a step updates.
        var layout = Layout(items, block, partitions);
        double[] work = [.. Enumerable.Range(0, partitions).Select(p => layout.Owned(p).ToArray().Sum(c => (double)layout.Chunks - c))];
        Assert.InRange(work.Max() / work.Average(), 1, 1.06);
        Assert.InRange(Enumerable.Range(0, partitions).Max(layout.Columns) - (items / partitions), 0, block);
    }

    [Fact]
    public void Bytes_moved_are_near_the_rule_of_thumb()
    {
        var layout = Layout(40_981, 384, 4);
        double square = 4.0 * 40_981 * 40_981;
        Assert.Equal(3 * square, EaseTraffic.PanelBytes(layout, [0, 1, 2, 3]), 0.03 * square);
        Assert.Equal(1 * square, EaseTraffic.PanelBytes(layout, [0, 1, 0, 1]), 0.03 * square);
        Assert.Equal(0, EaseTraffic.PanelBytes(layout, [0, 0, 0, 0]));
        Assert.Equal(0.375 * square, EaseTraffic.ExchangeBytes(layout, [0, 1, 2, 3]), 0.02 * square);
        Assert.Equal(0, EaseTraffic.ExchangeBytes(layout, [5, 5, 5, 5]));
        Assert.Equal(0.5 * square, EaseTraffic.CheckpointBytes(layout), 0.01 * square);
    }

    [Fact]
    public void Options_that_need_the_whole_matrix_are_refused()
    {
        var data = EaseTestData.Bookshop(50, 100);
        foreach (var options in new EaseOptions[] { new() { NonNegative = NonNegativeMode.Constrained }, new() { Density = 0.1 }, new() { Regularization = 0 } })
        {
            Assert.Throws<InvalidOptionException>(() => EasePlan.Create("t", data, options, 2));
        }

        Assert.Throws<InvalidOptionException>(() => EasePlan.Create("t", data, new EaseOptions(), 0));
    }

    [Fact]
    public void A_block_that_is_too_large_for_a_message_is_refused_before_memory_is_taken()
    {
        PanelBlock.Guard(1024, 1024);
        Assert.Throws<RecsysException>(() => PanelBlock.Guard(1024, 1025));
        Assert.Throws<RecsysException>(() => PanelBlock.Guard(int.MaxValue, int.MaxValue));
        Assert.Throws<RecsysException>(() => PanelBlock.Guard(-1, 4));
        Assert.Throws<RecsysException>(() => PanelBlock.Copy(0, 2, 2, [1, 2, 3]));
        Assert.Equal(2730, PanelBlock.RowsFor(384));
    }

    private static EaseLayout Layout(int items, int block, int partitions) =>
        new(new EasePlan("t", items, 1, partitions, block, new EaseOptions()));
}
