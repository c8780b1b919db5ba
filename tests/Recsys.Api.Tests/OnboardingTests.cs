using System.Net;
using System.Text.Json;
using static Recsys.Api.Tests.RecommendationTests;

namespace Recsys.Api.Tests;

public sealed class OnboardingTests : IAsyncLifetime
{
    private TestService _service = null!;

    public async Task InitializeAsync() => _service = await TestService.StartAsync();

    public async Task DisposeAsync() => await _service.DisposeAsync();

    [Fact]
    public async Task Before_the_first_answer_there_are_questions_and_popular_items()
    {
        var step = await _service.PostAsync("/api/v1/onboarding", """{"questions":10,"n":5,"names":true}""");
        var questions = step.GetProperty("questions").EnumerateArray().ToList();
        Assert.Equal(10, questions.Select(q => q.GetProperty("item").GetString()).Distinct().Count());
        Assert.All(questions, q => Assert.True(q.GetProperty("name").GetString()!.Length > 0 && q.GetProperty("worth").GetSingle() > 0));
        Assert.True(step.GetProperty("recommendations").GetProperty("fallback").GetBoolean());
        var popular = await _service.GetAsync("/api/v1/popular?n=5");
        Assert.Equal(Ids(popular), Ids(step.GetProperty("recommendations")));
    }

    [Fact]
    public async Task Recommendations_are_those_of_the_likes_and_dislikes_as_a_history()
    {
        string[] ids = [.. TestService.Catalogue.Items.Take(4).Select(i => i.Id)];
        var step = await _service.PostAsync(
            "/api/v1/onboarding", JsonSerializer.Serialize(new { likes = ids[..2], dislikes = ids[2..3], unknown = ids[3..], n = 200 }));
        var plain = await _service.PostAsync("/api/v1/recommendations", JsonSerializer.Serialize(new
        {
            history = new object[] { new { item = ids[0] }, new { item = ids[1] }, new { item = ids[2], weight = -1 } },
            n = 200,
        }));
        Assert.Equal(plain.GetRawText(), step.GetProperty("recommendations").GetRawText());
        Assert.Contains(ids[3], Ids(step.GetProperty("recommendations")));
    }

    [Fact]
    public async Task Questions_keep_to_the_categories_and_leave_out_what_cannot_be_had()
    {
        var genres = TestService.Catalogue.Items.ToDictionary(i => i.Id, i => i.Genre);
        var step = await _service.PostAsync("/api/v1/onboarding", """{"questions":5,"n":0,"categories":["Poetry"]}""");
        var asked = step.GetProperty("questions").EnumerateArray().Select(q => q.GetProperty("item").GetString()!).ToList();
        Assert.Equal(5, asked.Count);
        Assert.All(asked, id => Assert.Equal("Poetry", genres[id]));
        Assert.Equal(HttpStatusCode.NoContent, await _service.SendAsync(HttpMethod.Delete, $"/api/v1/items/{asked[0]}"));
        var after = await _service.PostAsync("/api/v1/onboarding", """{"questions":5,"n":0,"categories":["Poetry"]}""");
        Assert.DoesNotContain(asked[0], after.GetProperty("questions").EnumerateArray().Select(q => q.GetProperty("item").GetString()!));
    }

    [Fact]
    public async Task A_user_is_made_of_events_whose_ids_follow_from_the_onboarding_s()
    {
        string body = """{"id":"signup-7","likes":["book-0001","book-0002"],"dislikes":["book-0003"]}""";
        var created = await _service.PostAsync("/api/v1/users/n%2F1/onboarding", body, HttpStatusCode.Accepted);
        Assert.Equal("n/1", created.GetProperty("user").GetString());
        Assert.Equal(3, created.GetProperty("accepted").GetInt32());
        Assert.Equal(["like", "like", "dislike"], _service.Events!.Accepted.Select(e => e.Kind));
        Assert.All(_service.Events.Accepted, e => Assert.Equal("n/1", e.User));
        var again = await _service.PostAsync("/api/v1/users/n%2F1/onboarding", body, HttpStatusCode.Accepted);
        Assert.Equal(3, again.GetProperty("duplicates").GetInt32());
        var other = await _service.PostAsync("/api/v1/users/n%2F2/onboarding", body, HttpStatusCode.Accepted);
        Assert.Equal(3, other.GetProperty("accepted").GetInt32());
    }

    [Theory]
    [InlineData("""{"likes":["a","a"]}""")]
    [InlineData("""{"likes":["a"],"unknown":["a"]}""")]
    [InlineData("""{"questions":-1}""")]
    [InlineData("""{"questions":101}""")]
    [InlineData("""{"n":-1}""")]
    [InlineData("""{"likes":[""]}""")]
    [InlineData("""{"likes":[null]}""")]
    [InlineData("""{"model":"no-such"}""")]
    [InlineData("""{"user":"a"}""")]
    public async Task What_is_not_valid_is_refused_by_name(string body)
    {
        var problem = await _service.PostAsync("/api/v1/onboarding", body, HttpStatusCode.BadRequest);
        Assert.True(problem.GetProperty("detail").GetString()!.Length > 5);
    }

    [Fact]
    public async Task A_user_of_nothing_is_refused_and_so_is_a_service_without_events()
    {
        await _service.PostAsync("/api/v1/users/x/onboarding", "{}", HttpStatusCode.BadRequest);
        await using var readOnly = await TestService.StartAsync(store: false);
        await readOnly.PostAsync("/api/v1/users/x/onboarding", """{"likes":["book-0001"]}""", HttpStatusCode.NotImplemented);
    }
}
