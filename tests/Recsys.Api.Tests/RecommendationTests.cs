using System.Net;
using System.Text.Json;

namespace Recsys.Api.Tests;

public sealed class RecommendationTests : IAsyncLifetime
{
    private TestService _service = null!;

    public async Task InitializeAsync() => _service = await TestService.StartAsync();

    public async Task DisposeAsync() => await _service.DisposeAsync();

    [Fact]
    public async Task The_answer_has_exactly_the_published_shape()
    {
        var answer = await _service.GetAsync($"/api/v1/users/{User(3)}/recommendations?n=20");

        Assert.Equal(["user", "model", "fallback", "items"], Names(answer));
        Assert.Equal(User(3), answer.GetProperty("user").GetString());
        Assert.Equal("ease", answer.GetProperty("model").GetString());
        Assert.False(answer.GetProperty("fallback").GetBoolean());
        Assert.Equal(20, answer.GetProperty("items").GetArrayLength());
        foreach (var item in answer.GetProperty("items").EnumerateArray())
        {
            Assert.Equal(["id", "score", "reasons"], Names(item));
            Assert.Equal(0, item.GetProperty("reasons").GetArrayLength());
        }
    }

    [Fact]
    public async Task Seen_items_are_never_returned_unless_asked_for_and_scores_fall()
    {
        for (int u = 0; u < 20; u++)
        {
            var history = Ids(await _service.GetAsync($"/api/v1/users/{User(u)}"), "history", "item");
            var answer = await _service.GetAsync($"/api/v1/users/{User(u)}/recommendations?n=150");
            Assert.Empty(history.Intersect(Ids(answer)));
            var scores = answer.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("score").GetSingle()).ToList();
            Assert.Equal(scores.OrderDescending(), scores);
        }

        var all = await _service.GetAsync($"/api/v1/users/{User(1)}/recommendations?n=200&keepSeen=true");
        Assert.Equal(200, all.GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task Pages_by_offset_are_the_parts_of_one_list()
    {
        var whole = Ids(await _service.GetAsync($"/api/v1/users/{User(5)}/recommendations?n=30"));
        var first = Ids(await _service.GetAsync($"/api/v1/users/{User(5)}/recommendations?n=10"));
        var rest = Ids(await _service.GetAsync($"/api/v1/users/{User(5)}/recommendations?n=20&offset=10"));

        Assert.Equal(whole, first.Concat(rest));
        Assert.Empty(Ids(await _service.GetAsync($"/api/v1/users/{User(5)}/recommendations?n=20&offset=10000")));
    }

    [Fact]
    public async Task Categories_exclusion_and_allow_list_filter_while_scoring()
    {
        var genres = TestService.Catalogue.Items.ToDictionary(i => i.Id, i => i.Genre);
        var poetry = Ids(await _service.GetAsync($"/api/v1/users/{User(2)}/recommendations?n=10&category=poetry"));
        Assert.Equal(10, poetry.Count);
        Assert.All(poetry, id => Assert.Equal("Poetry", genres[id]));

        var two = Ids(await _service.GetAsync($"/api/v1/users/{User(2)}/recommendations?n=30&category=Poetry&category=Horror"));
        Assert.All(two, id => Assert.Contains(genres[id], new[] { "Poetry", "Horror" }));
        Assert.Equal(2, two.Select(id => genres[id]).Distinct().Count());

        var without = Ids(await _service.GetAsync($"/api/v1/users/{User(2)}/recommendations?n=9&category=Poetry&exclude={poetry[0]}"));
        Assert.Equal(poetry.Skip(1), without);

        var allowed = Ids(await _service.GetAsync($"/api/v1/users/{User(2)}/recommendations?n=9&allow={poetry[4]}&allow={poetry[1]}&allow=nothing"));
        Assert.Equal([poetry[1], poetry[4]], allowed);
        Assert.Empty(Ids(await _service.GetAsync($"/api/v1/users/{User(2)}/recommendations?category=no-such")));
    }

    [Fact]
    public async Task An_unknown_user_gets_popular_items_marked_as_fallback()
    {
        var popular = await _service.GetAsync("/api/v1/popular?n=5");
        foreach (string user in new[] { "nobody", "%F0%9F%90%99", "a%2Fb", "%20", "%01" })
        {
            var answer = await _service.GetAsync($"/api/v1/users/{user}/recommendations?n=5&explain=true");
            Assert.True(answer.GetProperty("fallback").GetBoolean());
            Assert.Equal(Uri.UnescapeDataString(user), answer.GetProperty("user").GetString());
            Assert.Equal(Ids(popular), Ids(answer));
        }
    }

    [Fact]
    public async Task Reasons_sum_to_the_score_and_bear_both_signs()
    {
        var answer = await _service.GetAsync($"/api/v1/users/{User(4)}/recommendations?n=50&explain=true&reasons=1000&names=true");
        var contributions = new List<float>();
        foreach (var item in answer.GetProperty("items").EnumerateArray())
        {
            var reasons = item.GetProperty("reasons").EnumerateArray().Select(r => r.GetProperty("contribution").GetSingle()).ToList();
            Assert.Equal(item.GetProperty("score").GetSingle(), reasons.Sum(), 1e-4f);
            Assert.Equal(reasons.OrderByDescending(Math.Abs), reasons);
            Assert.True(item.GetProperty("name").GetString()!.Length > 0);
            contributions.AddRange(reasons);
        }

        Assert.Contains(contributions, c => c > 0);
        Assert.Contains(contributions, c => c < 0);
    }

    [Fact]
    public async Task The_history_of_a_user_in_the_body_gives_what_the_user_gets()
    {
        var history = Ids(await _service.GetAsync($"/api/v1/users/{User(6)}"), "history", "item");
        string body = JsonSerializer.Serialize(new { history = history.Append("unknown").Select(item => new { item }), n = 15 });

        var anonymous = await _service.PostAsync("/api/v1/recommendations", body);
        var known = await _service.GetAsync($"/api/v1/users/{User(6)}/recommendations?n=15");

        Assert.Equal(JsonValueKind.Null, anonymous.GetProperty("user").ValueKind);
        Assert.Equal(Ids(known), Ids(anonymous));
    }

    [Fact]
    public async Task A_batch_answers_in_the_order_of_its_queries()
    {
        var queries = Enumerable.Range(0, 40).Select(u => new { user = User(u), n = 1 + (u % 5) });
        var answer = await _service.PostAsync("/api/v1/recommendations/batch", JsonSerializer.Serialize(new { queries }));
        int at = 0;
        foreach (var result in answer.GetProperty("results").EnumerateArray())
        {
            var alone = await _service.GetAsync($"/api/v1/users/{User(at)}/recommendations?n={1 + (at % 5)}");
            Assert.Equal(alone.GetRawText(), result.GetRawText());
            at++;
        }

        Assert.Equal(40, at);
    }

    [Theory]
    [InlineData("n=0")]
    [InlineData("n=-1")]
    [InlineData("n=1001")]
    [InlineData("n=abc")]
    [InlineData("n=1e2")]
    [InlineData("n=99999999999")]
    [InlineData("n=5&n=6")]
    [InlineData("offset=-1")]
    [InlineData("cout=5")]
    [InlineData("explain=maybe")]
    [InlineData("model=none")]
    [InlineData("reasons=0")]
    public async Task Wrong_parameters_are_refused_by_name(string query)
    {
        var answer = await _service.GetAsync($"/api/v1/users/{User(0)}/recommendations?{query}", HttpStatusCode.BadRequest);
        Assert.Contains(query.Split('=')[0] == "model" ? "none" : query.Split('=')[0], answer.GetProperty("detail").GetString());
        Assert.Equal(["type", "title", "status", "detail"], Names(answer));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"n\":1.5}")]
    [InlineData("{\"n\":\"5\"}")]
    [InlineData("{\"n\":1,\"n\":2}")]
    [InlineData("{\"N\":1}")]
    [InlineData("{\"users\":\"1\"}")]
    [InlineData("{\"user\":\"\"}")]
    [InlineData("{\"user\":\"1\",\"history\":[]}")]
    [InlineData("{\"history\":[{\"weight\":1}]}")]
    [InlineData("{\"history\":[null]}")]
    [InlineData("{\"history\":[{\"item\":null}]}")]
    [InlineData("{\"history\":[{\"item\":\"a\",\"weight\":1e38}]}")]
    [InlineData("{\"history\":[{\"item\":\"a\",\"weight\":1e999}]}")]
    [InlineData("{\"exclude\":[null]}")]
    [InlineData("{\"user\":\"\\ud800\"}")]
    public async Task Wrong_bodies_are_refused_with_their_place(string body)
    {
        var answer = await _service.PostAsync("/api/v1/recommendations", body, HttpStatusCode.BadRequest);
        string detail = answer.GetProperty("detail").GetString()!;
        Assert.DoesNotContain("System.", detail, StringComparison.Ordinal);
        Assert.DoesNotContain("Recsys.", detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_version_of_the_model_is_in_a_header()
    {
        using var response = await _service.Client.GetAsync($"/api/v1/users/{User(0)}/recommendations");
        Assert.Equal("1", Assert.Single(response.Headers.GetValues("Recsys-Model-Version")));
        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
    }

    internal static string User(int index) => TestService.Catalogue.Data.Users[index];

    internal static IReadOnlyList<string> Ids(JsonElement answer, string list = "items", string id = "id") =>
        [.. answer.GetProperty(list).EnumerateArray().Select(i => i.GetProperty(id).GetString()!)];

    internal static IReadOnlyList<string> Names(JsonElement answer) => [.. answer.EnumerateObject().Select(p => p.Name)];
}
