using System.Net;
using static Recsys.Api.Tests.RecommendationTests;

namespace Recsys.Api.Tests;

public sealed class CatalogueTests : IAsyncLifetime
{
    private TestService _service = null!;

    public async Task InitializeAsync() => _service = await TestService.StartAsync();

    public async Task DisposeAsync() => await _service.DisposeAsync();

    [Fact]
    public async Task An_item_is_described_and_an_unknown_one_is_not_found()
    {
        var book = TestService.Catalogue.Items[12];
        var answer = await _service.GetAsync($"/api/v1/items/{book.Id}");

        Assert.Equal(["id", "name", "categories", "available", "users"], Names(answer));
        Assert.Equal(book.Title, answer.GetProperty("name").GetString());
        Assert.Equal([book.Genre], answer.GetProperty("categories").EnumerateArray().Select(c => c.GetString()!));
        int item = 12;
        long users = Enumerable.Range(0, 300).Count(u => TestService.Catalogue.Data.Interactions.Row(u).Contains(item));
        Assert.Equal(users, answer.GetProperty("users").GetInt64());
        await _service.GetAsync("/api/v1/items/none", HttpStatusCode.NotFound);
        await _service.GetAsync("/api/v1/items/none/similar", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Similar_items_have_positive_weights_and_opposite_ones_negative()
    {
        var edition = TestService.Catalogue.Items.First(i => i.OtherEdition >= 0);
        var similar = await _service.GetAsync($"/api/v1/items/{edition.Id}/similar?n=10&names=true");
        var opposite = await _service.GetAsync($"/api/v1/items/{edition.Id}/similar?n=10&opposite=true");

        Assert.All(similar.GetProperty("items").EnumerateArray(), i => Assert.True(i.GetProperty("score").GetSingle() > 0));
        Assert.All(opposite.GetProperty("items").EnumerateArray(), i => Assert.True(i.GetProperty("score").GetSingle() < 0));
        Assert.NotEmpty(Ids(opposite));
        Assert.DoesNotContain(edition.Id, Ids(similar).Concat(Ids(opposite)));
    }

    [Fact]
    public async Task Search_finds_ids_and_names_and_the_exact_id_comes_first()
    {
        var book = TestService.Catalogue.Items[30];
        Assert.Equal(book.Id, Ids(await _service.GetAsync($"/api/v1/search?q={book.Id}"), "hits")[0]);
        Assert.Contains(book.Id, Ids(await _service.GetAsync($"/api/v1/search?limit=100&q={Uri.EscapeDataString(book.Title.ToUpperInvariant())}"), "hits"));
        string user = User(0);
        Assert.Equal(user, Ids(await _service.GetAsync($"/api/v1/search?kind=user&q={user}"), "hits")[0]);
        Assert.Equal(7, Ids(await _service.GetAsync("/api/v1/search?kind=user&q=&limit=7"), "hits").Count);
        Assert.Empty(Ids(await _service.GetAsync("/api/v1/search?q=no-such-thing"), "hits"));
        await _service.GetAsync("/api/v1/search", HttpStatusCode.BadRequest);
        await _service.GetAsync("/api/v1/search?q=a&kind=model", HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Categories_are_listed_with_their_counts()
    {
        var answer = await _service.GetAsync("/api/v1/categories");
        var counts = answer.GetProperty("categories").EnumerateArray().ToDictionary(c => c.GetProperty("name").GetString()!, c => c.GetProperty("items").GetInt32());
        Assert.Equal(TestService.Catalogue.Items.CountBy(i => i.Genre).ToDictionary(g => g.Key, g => g.Value), counts);
    }

    [Fact]
    public async Task An_item_made_unavailable_or_deleted_is_recommended_no_more_and_comes_back_when_added()
    {
        string path = $"/api/v1/users/{User(8)}/recommendations?n=5";
        var before = Ids(await _service.GetAsync(path));

        Assert.Equal(HttpStatusCode.NoContent, await _service.SendAsync(HttpMethod.Put, $"/api/v1/items/{before[0]}", "{\"available\":false}"));
        Assert.Equal(HttpStatusCode.NoContent, await _service.SendAsync(HttpMethod.Delete, $"/api/v1/items/{before[1]}"));
        var after = Ids(await _service.GetAsync(path));
        Assert.Equal(before.Skip(2), after.Take(3));
        Assert.Equal(5, after.Count);
        await _service.GetAsync($"/api/v1/items/{before[1]}", HttpStatusCode.NotFound);
        Assert.Equal(HttpStatusCode.NotFound, await _service.SendAsync(HttpMethod.Delete, $"/api/v1/items/{before[1]}"));

        foreach (string id in before.Take(2))
        {
            Assert.Equal(HttpStatusCode.NoContent, await _service.SendAsync(HttpMethod.Put, $"/api/v1/items/{id}", "{\"categories\":[\"New\"],\"features\":{\"pages\":120}}"));
        }

        Assert.Equal(before, Ids(await _service.GetAsync(path)));
        Assert.Equal(before.Take(2).Order(), Ids(await _service.GetAsync(path + "&category=new")).Order());
    }

    [Theory]
    [InlineData("{\"id\":\"other\"}")]
    [InlineData("{\"available\":1}")]
    [InlineData("{\"categories\":[\"\"]}")]
    [InlineData("{\"features\":{\"a\":\"b\"}}")]
    [InlineData("{\"features\":{\"a\":1e30}}")]
    [InlineData("{\"price\":3}")]
    public async Task Wrong_items_are_refused(string body) =>
        Assert.Equal(HttpStatusCode.BadRequest, await _service.SendAsync(HttpMethod.Put, "/api/v1/items/book-0001", body));

    [Fact]
    public async Task A_user_s_history_is_shown_and_an_unknown_user_is_not_found()
    {
        var answer = await _service.GetAsync($"/api/v1/users/{User(9)}?names=true");
        int[] expected = TestService.Catalogue.Data.Interactions.Row(9).ToArray();
        Assert.Equal(expected.Select(i => TestService.Catalogue.Items[i].Id), Ids(answer, "history", "item"));
        Assert.Equal(expected.Select(i => TestService.Catalogue.Items[i].Title), Ids(answer, "history", "name"));
        await _service.GetAsync("/api/v1/users/nobody", HttpStatusCode.NotFound);
    }
}
