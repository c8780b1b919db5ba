using System.Net;
using System.Text.Json;
using static Recsys.Api.Tests.RecommendationTests;

namespace Recsys.Api.Tests;

public sealed class ModelTests : IAsyncLifetime
{
    private TestService _service = null!;

    public async Task InitializeAsync() => _service = await TestService.StartAsync();

    public async Task DisposeAsync() => await _service.DisposeAsync();

    [Fact]
    public async Task Models_are_listed_with_their_facts()
    {
        var models = (await _service.GetAsync("/api/v1/models")).GetProperty("models").EnumerateArray().ToList();
        Assert.Equal(["ease", "popularity"], models.Select(m => m.GetProperty("model").GetString()!));
        var ease = models[0];
        Assert.True(ease.GetProperty("active").GetBoolean());
        Assert.True(ease.GetProperty("default").GetBoolean());
        Assert.False(ease.GetProperty("stored").GetBoolean());
        Assert.Equal(300, ease.GetProperty("users").GetInt32());
        Assert.Equal(50, ease.GetProperty("options").GetProperty("regularization").GetDouble());
    }

    [Fact]
    public async Task Activation_switches_the_version_and_the_default_and_rolling_back_returns()
    {
        string path = $"/api/v1/users/{User(0)}/recommendations?n=5";
        var one = Ids(await _service.GetAsync(path));
        _service.Library.Add("ease", TestService.Train("ease", ("regularization", "100000")), activate: false);
        Assert.Equal(one, Ids(await _service.GetAsync(path)));

        await _service.PostAsync("/api/v1/models/ease/activate", "{\"version\":\"2\"}");
        Assert.NotEqual(one, Ids(await _service.GetAsync(path)));
        var back = await _service.PostAsync("/api/v1/models/ease/rollback", "");
        Assert.Equal("1", back.GetProperty("version").GetString());
        Assert.Equal(one, Ids(await _service.GetAsync(path)));
        await _service.PostAsync("/api/v1/models/ease/rollback", "", HttpStatusCode.BadRequest);

        await _service.PostAsync("/api/v1/models/popularity/activate", "{\"default\":true}");
        Assert.Equal("popularity", (await _service.GetAsync(path)).GetProperty("model").GetString());
        Assert.Equal("ease", (await _service.GetAsync(path + "&model=ease")).GetProperty("model").GetString());
        await _service.PostAsync("/api/v1/models/none/activate", "{}", HttpStatusCode.NotFound);
        await _service.PostAsync("/api/v1/models/ease/activate", "{\"version\":\"9\"}", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_job_trains_a_version_that_answers_and_its_progress_is_streamed()
    {
        const string Request = """{"algorithm":"als","options":{"factors":16,"iterations":"6"},"model":"taste"}""";
        var job = await _service.PostAsync("/api/v1/training", Request, HttpStatusCode.Accepted);
        string id = job.GetProperty("id").GetString()!;

        var events = await WatchAsync(id);

        Assert.Equal("end", events[^1].Event);
        Assert.All(events.SkipLast(1), e => Assert.Equal("progress", e.Event));
        var end = events[^1].Data;
        Assert.Equal("Succeeded", end.GetProperty("state").GetString());
        Assert.Equal(6, end.GetProperty("losses").GetArrayLength());
        var losses = end.GetProperty("losses").EnumerateArray().Select(l => l.GetDouble()).ToList();
        Assert.Equal(losses.OrderDescending(), losses);
        Assert.Equal("taste", (await _service.GetAsync($"/api/v1/users/{User(0)}/recommendations?model=taste")).GetProperty("model").GetString());
        Assert.Equal("Succeeded", (await _service.GetAsync($"/api/v1/training/{id}")).GetProperty("state").GetString());
        Assert.Single((await _service.GetAsync("/api/v1/training")).GetProperty("jobs").EnumerateArray());
    }

    [Fact]
    public async Task A_job_measures_its_model_on_users_it_has_not_seen_where_asked_to()
    {
        var job = await _service.PostAsync(
            "/api/v1/training", """{"algorithm":"ease","options":{"regularization":50},"model":"measured","evaluate":true}""", HttpStatusCode.Accepted);
        Assert.Equal("Succeeded", (await WatchAsync(job.GetProperty("id").GetString()!))[^1].Data.GetProperty("state").GetString());
        var models = (await _service.GetAsync("/api/v1/models")).GetProperty("models").EnumerateArray().ToList();
        var metrics = models.Single(m => m.GetProperty("model").GetString() == "measured").GetProperty("metrics");
        Assert.InRange(metrics.GetProperty("ndcg@100").GetDouble(), 0.2, 1);
        Assert.InRange(metrics.GetProperty("recall@20").GetDouble(), 0.2, 1);
        Assert.Equal(TestService.Catalogue.Data.Users.Count, models.Single(m => m.GetProperty("model").GetString() == "measured").GetProperty("users").GetInt32());
        Assert.Empty(models.First(m => m.GetProperty("model").GetString() == "ease").GetProperty("metrics").EnumerateObject());
    }

    [Fact]
    public async Task A_job_can_be_cancelled_while_it_runs_and_while_it_waits()
    {
        const string Long = """{"algorithm":"als","options":{"factors":128,"iterations":10000}}""";
        string running = (await _service.PostAsync("/api/v1/training", Long, HttpStatusCode.Accepted)).GetProperty("id").GetString()!;
        string waiting = (await _service.PostAsync("/api/v1/training", Long, HttpStatusCode.Accepted)).GetProperty("id").GetString()!;
        foreach (string id in new[] { waiting, running })
        {
            Assert.Equal(HttpStatusCode.OK, await _service.SendAsync(HttpMethod.Delete, $"/api/v1/training/{id}"));
            Assert.Equal("Cancelled", (await WatchAsync(id))[^1].Data.GetProperty("state").GetString());
        }

        Assert.Equal(2, (await _service.GetAsync("/api/v1/models")).GetProperty("models").GetArrayLength());
    }

    [Theory]
    [InlineData("{\"algorithm\":\"magic\"}")]
    [InlineData("{\"algorithm\":\"ease\",\"options\":{\"factors\":3}}")]
    [InlineData("{\"algorithm\":\"ease\",\"options\":{\"regularization\":[1]}}")]
    [InlineData("{\"algorithm\":\"ease\",\"model\":\"../x\"}")]
    [InlineData("{\"algorithm\":\"ease\",\"model\":\"\"}")]
    [InlineData("{\"algorithm\":null}")]
    public async Task Jobs_that_cannot_be_are_refused_at_once(string body) =>
        await _service.PostAsync("/api/v1/training", body, HttpStatusCode.BadRequest);

    [Fact]
    public async Task A_job_that_fails_says_why()
    {
        const string Body = """{"algorithm":"ease","options":{"regularization":-5}}""";
        using var content = new StringContent(Body, System.Text.Encoding.UTF8, "application/json");
        using var response = await _service.Client.PostAsync("/api/v1/training", content);
        var job = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        var end = (await WatchAsync(job.GetProperty("id").GetString()!))[^1].Data;
        Assert.Equal("Failed", end.GetProperty("state").GetString());
        Assert.Contains("regularization", end.GetProperty("error").GetString());
    }

    [Fact]
    public async Task Algorithms_are_listed_with_their_options()
    {
        var names = (await _service.GetAsync("/api/v1/algorithms")).GetProperty("algorithms").EnumerateArray()
            .Select(a => a.GetProperty("name").GetString()).ToList();
        Assert.Contains("ease", names);
        Assert.Contains("als", names);
        await _service.GetAsync("/api/v1/training/99", HttpStatusCode.NotFound);
        await _service.GetAsync("/api/v1/training/99/events", HttpStatusCode.NotFound);
    }

    private async Task<List<(string Event, JsonElement Data)>> WatchAsync(string id)
    {
        using var response = await _service.Client.GetAsync($"/api/v1/training/{id}/events", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        var events = new List<(string, JsonElement)>();
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        string name = "";
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("event: ", StringComparison.Ordinal))
            {
                name = line[7..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                events.Add((name, JsonDocument.Parse(line[6..]).RootElement));
            }
        }

        return events;
    }
}
