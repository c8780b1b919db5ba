using Recsys.Engine.Data;

namespace Recsys.Engine.Tests.Data;

/// <summary>The real data sets, read from end to end, have the sizes that their descriptions state.</summary>
public sealed class RealDataReadingTests
{
    [RealDataFact]
    public void Movielens_1m_train_split()
    {
        var data = Dataset.Load(RealData.Path("ml-1m/train.tsv"), null, null, out var report);
        Assert.Equal(InteractionFormat.Tsv, report.Format);
        AssertSize(data, 5034, 3502, 480_438);
        Assert.Equal(480_438, report.Lines);
        Assert.Equal(0, report.Duplicates);
        Assert.False(data.Interactions.HasValues);
    }

    [RealDataFact]
    public void Movielens_1m_held_out_users_are_read_with_the_items_of_the_training_data()
    {
        var train = Dataset.Load(RealData.Path("ml-1m/train.tsv"));
        foreach (var (part, foldIn, heldOut) in new[] { ("val", 40_901, 9_973), ("test", 35_341, 8_582) })
        {
            var options = new ReadOptions { Items = train.Items, UnknownItems = UnknownIds.Drop };
            var given = Dataset.Load(RealData.Path($"ml-1m/{part}_foldin.tsv"), options, null, out var report);
            var hidden = Dataset.Load(
                RealData.Path($"ml-1m/{part}_heldout.tsv"), options with { Users = given.Users }, null, out var hiddenReport);
            Assert.Same(train.Items, given.Items);
            Assert.Equal(0, report.UnknownItems + hiddenReport.UnknownItems);
            AssertSize(given, 500, 3502, foldIn);
            AssertSize(hidden, 500, 3502, heldOut);
        }
    }

    [RealDataFact]
    public void Movielens_100k_with_times()
    {
        var (log, report) = InteractionReader.Read(RealData.Path("ml-100k/u.data"));
        Assert.Equal(InteractionFormat.MovieLensData, report.Format);
        Assert.Equal(100_000, log.Count);
        Assert.True(log.HasTimes);
        Assert.Equal("1", log.UserIds[log.Users[0]]);
        Assert.Equal("1", log.ItemIds[log.Items[0]]);
        Assert.Equal(5, log.Weights[0]);
        Assert.Equal(874965758, log.Times[0]);
        AssertSize(log.ToDataset(), 943, 1682, 100_000);
    }

    [RealDataFact]
    public void Gowalla()
    {
        var train = Dataset.Load(RealData.Path("gowalla/train.txt"), null, null, out var report);
        Assert.Equal(InteractionFormat.Adjacency, report.Format);
        AssertSize(train, 29_858, 40_981, 810_128);
        var options = new ReadOptions { Users = train.Users, Items = train.Items, UnknownUsers = UnknownIds.Drop, UnknownItems = UnknownIds.Drop };
        var test = Dataset.Load(RealData.Path("gowalla/test.txt"), options, null, out report);
        Assert.Equal(InteractionFormat.Adjacency, report.Format);
        AssertSize(test, 29_858, 40_981, 217_242);
    }

    [RealDataFact]
    public void Citeulike()
    {
        var data = Dataset.Load(RealData.Path("citeulike-a/users.dat"), null, null, out var report);
        Assert.Equal(InteractionFormat.CountedAdjacency, report.Format);
        Assert.Equal(5551, report.Lines);
        AssertSize(data, 5551, 16_980, 204_986);
    }

    private static void AssertSize(Dataset data, int users, int items, long count)
    {
        Assert.Equal((users, items, count), (data.Users.Count, data.Items.Count, data.Interactions.Count));
        Assert.Equal((users, items), (data.Interactions.Rows, data.Interactions.Columns));
    }
}
