using Recsys.Engine.Online.Partitioned;

namespace Recsys.Engine.Tests.Online;

/// <summary>The sums of shares of an item partition, by hand.</summary>
public sealed class ItemFactorsTests
{
    [Fact]
    public void Each_batch_is_applied_once_in_any_order_of_arrival()
    {
        var items = new ItemFactors(2);
        Assert.Equal(1, items.Apply(Batch(0, 7, 0, 1, true, ("x", [1, 2]), ("y", [3, 4]))));
        Assert.Equal(1, items.Apply(Batch(0, 7, 0, 1, true, ("x", [1, 2]), ("y", [3, 4]))));
        Assert.Equal(3, items.Apply(Batch(1, 9, 0, 3, true, ("x", [10, 20]))));
        Assert.Equal([("x", 11f, 22f), ("y", 3f, 4f)], Rows(items));

        // A newer share replaces; one that was sent before it and comes after it changes nothing.
        Assert.Equal(5, items.Apply(Batch(0, 7, 1, 5, false, ("x", [2, 2]))));
        Assert.Equal(5, items.Apply(Batch(0, 7, 1, 4, false, ("x", [9, 9]))));
        Assert.Equal([("x", 12f, 22f), ("y", 3f, 4f)], Rows(items));

        // What comes after a batch that is missing is not applied.
        Assert.Equal(5, items.Apply(Batch(0, 7, 6, 8, false, ("y", [0, 0]))));
        Assert.Equal([("x", 12f, 22f), ("y", 3f, 4f)], Rows(items));
    }

    [Fact]
    public void A_source_that_was_opened_anew_replaces_its_shares_and_its_earlier_life_is_not_listened_to()
    {
        var items = new ItemFactors(2);
        items.Apply(Batch(0, 7, 0, 1, true, ("x", [1, 2]), ("y", [3, 4])));
        Assert.Equal(0, items.Apply(Batch(0, 8, 1, 2, false, ("x", [5, 5])))); // it has not told all it has
        Assert.Equal(1, items.Apply(Batch(0, 8, 0, 1, false, ("x", [5, 6]))));
        Assert.Equal(0, items.Apply(Batch(0, 7, 0, 9, true, ("x", [1, 2]))));
        Assert.Equal([("x", 5f, 6f), ("y", 3f, 4f)], Rows(items)); // y until all is told
        Assert.Equal(2, items.Apply(Batch(0, 8, 1, 2, true, ("z", [7, 8]))));
        Assert.Equal([("x", 5f, 6f), ("y", 0f, 0f), ("z", 7f, 8f)], Rows(items));
    }

    [Fact]
    public void A_reader_gets_what_the_others_changed_since_and_the_oldest_changes_first()
    {
        var items = new ItemFactors(3);
        items.Apply(Batch(0, 1, 0, 1, true, ("a", [1]), ("b", [1]), ("c", [1])));
        items.Apply(Batch(1, 1, 0, 1, true, ("b", [2])));
        var first = items.Read(new ItemFactorQuery(0, 1, 0, 0, 10));
        Assert.Equal(("b", 2f), (first.Rows.Items.Single(), first.Rows.Values.Single()));
        Assert.Equal((1, 1L, false, false), (first.Heard, first.ReaderInstance, first.More, first.Whole));
        Assert.Empty(items.Read(new ItemFactorQuery(0, 1, first.Instance, first.UpTo, 10)).Rows.Items);

        // Its own changes are no news to it, to others they are.
        items.Apply(Batch(0, 1, 1, 2, false, ("b", [5])));
        Assert.Empty(items.Read(new ItemFactorQuery(0, 1, first.Instance, first.UpTo, 10)).Rows.Items);
        items.Apply(Batch(2, 1, 0, 1, true, ("c", [3])));
        var second = items.Read(new ItemFactorQuery(0, 1, first.Instance, first.UpTo, 10));
        Assert.Equal(("c", 3f, true), (second.Rows.Items.Single(), second.Rows.Values.Single(), second.Whole));

        // A server that takes two at a time gets all, those that changed first before the others.
        var page = items.Read(new ItemFactorQuery(-1, 0, 0, 0, 2));
        Assert.True(page.More);
        Assert.Equal(["a", "b"], page.Rows.Items);
        Assert.Equal([1f, 7f], page.Rows.Values);
        page = items.Read(new ItemFactorQuery(-1, 0, page.Instance, page.UpTo, 2));
        Assert.False(page.More);
        Assert.Equal(("c", 4f), (page.Rows.Items.Single(), page.Rows.Values.Single()));
    }

    [Fact]
    public void Who_knew_the_sums_of_a_lost_partition_waits_until_all_sources_have_told_the_next_one_all()
    {
        var items = new ItemFactors(2);
        items.Apply(Batch(0, 1, 0, 1, true, ("a", [1])));
        var waiting = items.Read(new ItemFactorQuery(-1, 0, 12345, 99, 10));
        Assert.Equal((false, 0), (waiting.Whole, waiting.Rows.Items.Count));
        items.Apply(Batch(1, 1, 0, 1, true));
        var whole = items.Read(new ItemFactorQuery(-1, 0, 12345, 99, 10));
        Assert.Equal((true, "a"), (whole.Whole, whole.Rows.Items.Single()));
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        var items = new ItemFactors(2);
        items.Apply(Batch(0, 1, 0, 1, true, ("a", [1, 2])));
        Assert.Throws<RecsysException>(() => items.Apply(Batch(2, 1, 0, 1, true)));
        Assert.Throws<RecsysException>(() => items.Apply(Batch(0, 1, 3, 3, true)));
        Assert.Contains("same options", Assert.Throws<RecsysException>(() => items.Apply(Batch(1, 1, 0, 1, true, ("a", [1])))).Message, StringComparison.Ordinal);
        Assert.Throws<RecsysException>(() => items.Apply(new ItemFactorBatch(0, 1, 1, 2, false, new ItemFactorRows(["a"], 2, [1]))));
        Assert.Throws<RecsysException>(() => items.Read(new ItemFactorQuery(2, 0, 0, 0, 1)));
    }

    private static ItemFactorBatch Batch(int source, long instance, long from, long to, bool complete, params (string Item, float[] Share)[] rows) => new(
        source, instance, from, to, complete,
        new ItemFactorRows([.. rows.Select(r => r.Item)], rows.Length == 0 ? 0 : rows[0].Share.Length, [.. rows.SelectMany(r => r.Share)]));

    private static IEnumerable<(string, float, float)> Rows(ItemFactors items)
    {
        var rows = items.Read(new ItemFactorQuery(-1, 0, 0, 0, 100)).Rows;
        return [.. rows.Items.Select((id, i) => (id, rows.Row(i)[0], rows.Row(i)[1])).Order()];
    }
}
