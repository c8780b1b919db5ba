using Recsys.Engine.Als;
using Recsys.Engine.Data;
using Recsys.Engine.Data.Synthetic;
using Recsys.Engine.Serving;

namespace Recsys.Engine.Tests.Online;

/// <summary>Items that are described and have no clicks, in a live ALS. A bookshop whose readers like one or two genres.</summary>
public sealed class ColdItemTests : IDisposable
{
    private static readonly Lazy<SyntheticCatalogue> Shop = new(() => SyntheticCatalogue.Create(new SyntheticOptions { Users = 400, Items = 240, Seed = 11 }));

    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"recsys-cold-{Guid.NewGuid():N}");

    public void Dispose()
    {
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    [Fact]
    public async Task Cold_items_go_to_those_who_like_their_category()
    {
        await using var data = await OpenAsync();
        await DescribeAsync(data);
        string[] cold = [.. Shop.Value.Items.Where(IsCold).Select(i => i.Id)];
        double right = 0, chance = 0;
        int asked = 0, listed = 0;
        for (int u = 0; u < 100; u++)
        {
            var genres = Shop.Value.Data.Interactions.Row(u).ToArray().Select(i => Shop.Value.Items[i].Genre).GroupBy(g => g).OrderByDescending(g => g.Count()).ToList();
            var query = new RecommendationQuery { User = Shop.Value.Data.Users[u], Model = "als", Count = 3, Allow = cold };
            var list = await data.Recommender.RecommendAsync(query);
            Assert.Equal(("als", false, 3), (list.Model, list.Fallback, list.Items.Count));
            right += GenreOf(list.Items[0].Id) == genres[0].Key ? 1 : 0;
            chance += cold.Count(i => GenreOf(i) == genres[0].Key) / (double)cold.Length;
            asked++;

            // Among all items, too: in the order of the scores, filters applied.
            var all = await data.Recommender.RecommendAsync(query with { Allow = null, Count = 30, Categories = [genres[0].Key], Exclude = [list.Items[0].Id] });
            Assert.Equal(all.Items.Select(i => i.Score).OrderDescending(), all.Items.Select(i => i.Score));
            Assert.Equal(all.Items.Count, all.Items.DistinctBy(i => i.Id).Count());
            Assert.All(all.Items, i => Assert.Equal(genres[0].Key, GenreOf(i.Id)));
            Assert.DoesNotContain(all.Items, i => i.Id == list.Items[0].Id);
            listed += all.Items.Count(i => cold.Contains(i.Id));
            var next = await data.Recommender.RecommendAsync(query with { Allow = null, Count = 4, Offset = 3 });
            var whole = await data.Recommender.RecommendAsync(query with { Allow = null, Count = 7 });
            Assert.Equal(whole.Items.Skip(3).Select(i => i.Id), next.Items.Select(i => i.Id));
        }

        Assert.True(right > 5 * chance && right > 0.6 * asked, $"{right / asked:F2} of the right genre, {chance / asked:F2} by chance");
        Assert.True(listed > 50, $"{listed} cold items in lists of a category");
    }

    [Fact]
    public async Task An_item_is_solved_from_its_users_once_it_has_enough()
    {
        await using var data = await OpenAsync();
        string item = Shop.Value.Items.First(IsCold).Id;
        string user = Shop.Value.Data.Users[0];
        var query = new RecommendationQuery { User = user, Model = "als", Allow = [item] };
        Assert.Empty((await data.Recommender.RecommendAsync(query)).Items); // not described, not known
        await DescribeAsync(data);
        float predicted = (await data.Recommender.RecommendAsync(query)).Items.Single().Score;
        Assert.NotEqual(0, predicted);

        // A click or two name it; that is too little to solve it from.
        await LearnAsync(data, item, 1, 3);
        Assert.Equal(predicted, (await data.Recommender.RecommendAsync(query)).Items.Single().Score);
        Assert.Empty((await data.Recommender.RecommendAsync(query with { User = Shop.Value.Data.Users[1] })).Items); // has it
        Assert.Single((await data.Recommender.RecommendAsync(query with { User = Shop.Value.Data.Users[1], KeepSeen = true })).Items);

        await LearnAsync(data, item, 3, 6);
        float solved = (await data.Recommender.RecommendAsync(query)).Items.Single().Score;
        Assert.NotEqual(predicted, solved);
        Assert.Equal(solved, Own(data, user, item));
        data.ColdItems.Refresh(default);
        Assert.Equal(solved, (await data.Recommender.RecommendAsync(query)).Items.Single().Score);
    }

    [Fact]
    public async Task Deleted_and_unavailable_items_are_left_out_at_once()
    {
        await using var data = await OpenAsync();
        await DescribeAsync(data);
        var cold = Shop.Value.Items.Where(IsCold).Take(3).ToArray();
        var query = new RecommendationQuery { User = Shop.Value.Data.Users[0], Model = "als", Allow = [.. cold.Select(c => c.Id)] };
        Assert.Equal(3, (await data.Recommender.RecommendAsync(query)).Items.Count);
        await data.ItemFile.DeleteAsync(cold[0].Id);
        await data.ItemFile.UpsertAsync([new ItemUpdate(cold[1].Id) { Categories = [cold[1].Genre], Available = false }]);
        Assert.Equal([cold[2].Id], (await data.Recommender.RecommendAsync(query)).Items.Select(i => i.Id));
    }

    [Fact]
    public async Task The_same_items_and_factors_give_the_same_answers_also_after_a_restart()
    {
        var query = new RecommendationQuery { User = Shop.Value.Data.Users[7], Model = "als", Count = 60 };
        RecommendationList before;
        await using (var data = await OpenAsync())
        {
            await DescribeAsync(data);
            before = await data.Recommender.RecommendAsync(query);
        }

        Assert.Contains(before.Items, i => IsCold(Shop.Value.Items.Single(s => s.Id == i.Id)));
        await using var again = await DataDirectory.OpenAsync(_folder, []);
        again.ColdItems.Refresh(default);
        var after = await again.Recommender.RecommendAsync(query);
        Assert.Equal(before.Items.Select(i => (i.Id, i.Score)), after.Items.Select(i => (i.Id, i.Score)));
    }

    [Fact]
    public async Task Without_anything_in_common_nothing_is_predicted()
    {
        await using var data = await OpenAsync();
        await data.ItemFile.UpsertAsync([new ItemUpdate("odd") { Categories = ["Kites"], Features = new Dictionary<string, float> { ["tail"] = 3 } }, new ItemUpdate("bare")]);
        await DescribeAsync(data);
        var list = await data.Recommender.RecommendAsync(new() { User = Shop.Value.Data.Users[0], Model = "als", Allow = ["odd", "bare"] });
        Assert.Empty(list.Items);
        await DescribeAsync(data, new ItemUpdate("odd") { Categories = ["kites", Shop.Value.Items[0].Genre.ToLowerInvariant()] });
        list = await data.Recommender.RecommendAsync(new() { User = Shop.Value.Data.Users[0], Model = "als", Allow = ["odd", "bare"], Explain = true });
        Assert.Equal("odd", Assert.Single(list.Items).Id);
        Assert.Null(data.ColdItems.Failure);
    }

    private static bool IsCold(SyntheticItem item) => Shop.Value.Data.Items.TryGetIndex(item.Id, out int index) && index % 8 == 5;

    private static string GenreOf(string id) => Shop.Value.Items.Single(i => i.Id == id).Genre;

    private static float Own(DataDirectory data, string user, string item) => data.Engine.State.Read(s =>
    {
        var scores = new float[s.ItemIds.Count];
        Assert.True(s.UserIds.TryGetIndex(user, out int u) & s.ItemIds.TryGetIndex(item, out int i));
        s.Score("als", u, scores);
        return scores[i];
    });

    /// <summary>ALS of the clicks on the other items; of the cold ones it knows nothing, not even ids.</summary>
    private Task<DataDirectory> OpenAsync()
    {
        var all = Shop.Value.Data;
        var (items, offsets, columns) = (new IdTable(), new List<long> { 0 }, new List<int>());
        var index = Enumerable.Range(0, all.Items.Count).Select(i => i % 8 == 5 ? -1 : items.GetOrAdd(all.Items[i])).ToArray();
        for (int u = 0; u < all.Users.Count; u++)
        {
            columns.AddRange(all.Interactions.Row(u).ToArray().Select(i => index[i]).Where(i => i >= 0));
            offsets.Add(columns.Count);
        }

        var data = new Dataset(all.Users, items, new SparseMatrix(all.Users.Count, items.Count, [.. offsets], [.. columns]));
        return DataDirectory.OpenAsync(_folder, [AlsTrainer.Train(data, new AlsOptions { Factors = 16, Alpha = 5, Regularization = 5, Iterations = 5, Threads = 1 })]);
    }

    private static async Task DescribeAsync(DataDirectory data, params ItemUpdate[] more)
    {
        await data.ItemFile.UpsertAsync([.. Shop.Value.Items.Select(i => new ItemUpdate(i.Id)
        {
            Name = i.Title,
            Categories = [i.Genre],
            Features = new Dictionary<string, float> { ["series"] = i.Series },
        }), .. more]);
        data.ColdItems.Refresh(default);
    }

    private static async Task LearnAsync(DataDirectory data, string item, int from, int to)
    {
        var receipt = await data.Engine.AcceptAsync(Enumerable.Range(from, to - from).Select(u => new IncomingEvent(Shop.Value.Data.Users[u], item, "click")).ToArray());
        await data.Engine.WaitAppliedAsync(receipt.Position);
    }
}
