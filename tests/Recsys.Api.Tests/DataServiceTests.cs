using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Recsys.Engine.Models;
using Recsys.Engine.Serving;
using static Recsys.Api.Tests.RecommendationTests;

namespace Recsys.Api.Tests;

/// <summary>The service that learns: real event log, live models, restarts.</summary>
public sealed class DataServiceTests : IDisposable
{
    private const string Lines = "application/x-ndjson";
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"recsys-data-{Guid.NewGuid():N}");

    public void Dispose()
    {
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_new_user_s_clicks_count_at_once_and_after_a_restart()
    {
        string path = "/api/v1/users/newcomer/recommendations?n=10";
        List<string> liked;
        string after;
        await using (var service = await OpenAsync("ease", "als"))
        {
            Assert.True((await service.GetAsync(path)).GetProperty("fallback").GetBoolean());
            await service.GetAsync("/api/v1/users/newcomer", HttpStatusCode.NotFound);
            liked = [.. TestService.Catalogue.Items.Where(i => i.Genre == "Poetry").Take(4).Select(i => i.Id)];
            foreach (string item in liked)
            {
                await service.SendAsync(new { id = "click-" + item, user = "newcomer", item, kind = "click" });
            }

            await service.SendAsync(new { id = "click-" + liked[0], user = "newcomer", item = liked[0], kind = "click" }, duplicate: true);
            var answer = await service.GetAsync(path + "&model=als&explain=true");
            Assert.False(answer.GetProperty("fallback").GetBoolean());
            Assert.Empty(Ids(answer).Intersect(liked));
            Assert.Equal(liked.Order(), Ids(await service.GetAsync("/api/v1/users/newcomer"), "history", "item").Order());
            after = answer.GetRawText();
        }

        await using var again = await OpenAsync();
        Assert.Equal(liked.Order(), Ids(await again.GetAsync("/api/v1/users/newcomer"), "history", "item").Order());
        Assert.Equal(Ids(JsonDocument.Parse(after).RootElement), Ids(await again.GetAsync(path + "&model=als")));
        await again.SendAsync(new { id = "click-" + liked[0], user = "newcomer", item = liked[0], kind = "click" }, duplicate: true);
    }

    [Theory]
    [InlineData("als")]
    [InlineData("ease")]
    public async Task A_new_user_is_asked_and_made_known_from_the_answers_once(string model)
    {
        await using var service = await OpenAsync("ease", "als");
        var likes = new List<string>();
        var unknown = new List<string>();
        var poetry = TestService.Catalogue.Items.Where(i => i.Genre == "Poetry").Select(i => i.Id).ToHashSet();
        JsonElement step = default;
        for (int q = 0; q < 10; q++)
        {
            step = await service.PostAsync("/api/v1/onboarding", JsonSerializer.Serialize(new { likes, unknown, n = 5, model }));
            string item = step.GetProperty("questions")[0].GetProperty("item").GetString()!;
            Assert.DoesNotContain(item, likes.Concat(unknown));
            (poetry.Contains(item) ? likes : unknown).Add(item);
        }

        Assert.NotEmpty(likes);
        Assert.Equal(model, step.GetProperty("recommendations").GetProperty("model").GetString());
        string body = JsonSerializer.Serialize(new { id = "first", likes, dislikes = unknown.Take(1) });
        var created = await service.PostAsync("/api/v1/users/fresh/onboarding", body, HttpStatusCode.Accepted);
        Assert.Equal(likes.Count + 1, created.GetProperty("accepted").GetInt32());
        var again = await service.PostAsync("/api/v1/users/fresh/onboarding", body, HttpStatusCode.Accepted);
        Assert.Equal(0, again.GetProperty("accepted").GetInt32());
        Assert.Equal(likes.Count + 1, again.GetProperty("duplicates").GetInt32());
        await service.Data.Engine.WaitAppliedAsync(created.GetProperty("position").GetInt64());
        var user = await service.GetAsync("/api/v1/users/fresh");
        Assert.Equal(likes.Concat(unknown.Take(1)).Order(), Ids(user, "history", "item").Order());
        var answer = await service.GetAsync($"/api/v1/users/fresh/recommendations?n=10&model={model}");
        Assert.False(answer.GetProperty("fallback").GetBoolean());
    }

    [Fact]
    public async Task A_service_that_begins_with_nothing_learns_users_and_items_from_events()
    {
        await using var service = await OpenAsync();
        Assert.Empty(Ids(await service.GetAsync("/api/v1/users/a/recommendations")));
        for (int u = 0; u < 8; u++)
        {
            await service.SendAsync(new { user = $"u{u}", item = "tea", kind = "click" });
            await service.SendAsync(new { user = $"u{u}", item = u < 6 ? "cup" : "ball", kind = "click" });
        }

        await service.SendAsync(new { user = "a", item = "tea", kind = "click" });
        string[] best = [];
        for (int attempt = 0; attempt < 100 && best.FirstOrDefault() != "cup"; attempt++)
        {
            await Task.Delay(50); // EASE takes its steps in the background
            best = [.. Ids(await service.GetAsync("/api/v1/users/a/recommendations"))];
        }

        Assert.Equal(["cup", "ball"], best);
        await service.SendAsync(new { user = "a", item = "tea", kind = "remove" });
        Assert.True((await service.GetAsync("/api/v1/users/a/recommendations")).GetProperty("fallback").GetBoolean());
    }

    [Fact]
    public async Task A_forgotten_user_is_unknown_also_after_a_restart()
    {
        string user = User(3);
        await using (var service = await OpenAsync("ease"))
        {
            await service.GetAsync($"/api/v1/users/{user}");
            Assert.Equal(HttpStatusCode.NoContent, await service.DeleteAsync($"/api/v1/users/{user}"));
            Assert.Equal(HttpStatusCode.NotFound, await service.DeleteAsync("/api/v1/users/never-seen"));
            await service.GetAsync($"/api/v1/users/{user}", HttpStatusCode.NotFound);
            Assert.True((await service.GetAsync($"/api/v1/users/{user}/recommendations")).GetProperty("fallback").GetBoolean());
        }

        await using var again = await OpenAsync();
        await again.GetAsync($"/api/v1/users/{user}", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Items_are_durable_and_filter()
    {
        string item;
        await using (var service = await OpenAsync("ease"))
        {
            item = Ids(await service.GetAsync($"/api/v1/users/{User(0)}/recommendations"))[0];
            await service.PostAsync("/api/v1/import/items", $"{{\"id\":\"{item}\",\"name\":\"First\",\"categories\":[\"New\"]}}\n{{\"id\":\"other\",\"available\":false}}\n", HttpStatusCode.OK, Lines);
            await service.PutAsync("/api/v1/items/third", "{\"name\":\"Third\"}");
            Assert.Equal(HttpStatusCode.NoContent, await service.DeleteAsync("/api/v1/items/third"));
        }

        File.AppendAllText(Path.Combine(_folder, "items.jsonl"), "{\"id\":\"cut o"); // a crash in the middle of a write
        await using var again = await OpenAsync();
        Assert.Equal([item], Ids(await again.GetAsync($"/api/v1/users/{User(0)}/recommendations?category=new")));
        Assert.Equal("First", (await again.GetAsync($"/api/v1/items/{item}")).GetProperty("name").GetString());
        Assert.False((await again.GetAsync("/api/v1/items/other")).GetProperty("available").GetBoolean());
        await again.GetAsync("/api/v1/items/third", HttpStatusCode.NotFound);
        Assert.Equal(HttpStatusCode.NoContent, await again.PutAsync("/api/v1/items/fourth", "{}"));
    }

    [Fact]
    public async Task A_trained_version_answers_with_live_histories_survives_a_restart_and_gives_way_to_the_live_model()
    {
        string path = "/api/v1/users/visitor/recommendations?n=5&model=als";
        IReadOnlyList<string> trained;
        await using (var service = await OpenAsync("als"))
        {
            var job = await service.PostAsync("/api/v1/training", """{"algorithm":"als","options":{"factors":8,"iterations":3}}""", HttpStatusCode.Accepted);
            await service.WaitAsync(job.GetProperty("id").GetString()!);
            var versions = (await service.GetAsync("/api/v1/models")).GetProperty("models").EnumerateArray().Where(m => m.GetProperty("model").GetString() == "als").ToList();
            Assert.Equal(["live", "1"], versions.Select(v => v.GetProperty("version").GetString()!));
            Assert.Equal([false, true], versions.Select(v => v.GetProperty("active").GetBoolean()));
            await service.SendAsync(new { user = "visitor", item = TestService.Catalogue.Items[5].Id, kind = "purchase" });
            var answer = await service.GetAsync(path);
            Assert.False(answer.GetProperty("fallback").GetBoolean());
            trained = Ids(answer);
        }

        await using var again = await OpenAsync();
        Assert.Equal(trained, Ids(await again.GetAsync(path)));
        var live = await again.PostAsync("/api/v1/models/als/activate", "{\"version\":\"live\",\"default\":true}");
        Assert.True(live.GetProperty("default").GetBoolean());
        Assert.Equal("als", (await again.GetAsync("/api/v1/status")).GetProperty("model").GetString());
        await again.PostAsync("/api/v1/models/als/rollback", "", HttpStatusCode.BadRequest);
        await again.PostAsync("/api/v1/models/als/activate", "{\"version\":\"1\"}");
        Assert.Equal("live", (await again.PostAsync("/api/v1/models/als/rollback", "")).GetProperty("version").GetString());
    }

    [Fact]
    public async Task What_one_service_exports_another_takes_in()
    {
        string events;
        await using (var service = await OpenAsync("ease"))
        {
            await service.SendAsync(new { user = "ü\"1", item = "x/y", kind = "dislike" });
            await service.GetAsync("/api/v1/users/%C3%BC%221");
            events = await service.Client.GetStringAsync("/api/v1/export/events");
        }

        Assert.Equal(TestService.Catalogue.Data.Interactions.Count + 1, events.TrimEnd('\n').Split('\n').Length);
        Directory.Delete(_folder, recursive: true);
        await using var other = await OpenAsync();
        var receipt = await other.PostAsync("/api/v1/events/stream", events, HttpStatusCode.Accepted, Lines);
        Assert.Equal(TestService.Catalogue.Data.Interactions.Count + 1, receipt.GetProperty("accepted").GetInt32());
        await other.Data.Engine.WaitAppliedAsync(receipt.GetProperty("position").GetInt64());
        var sorted = (await other.Client.GetStringAsync("/api/v1/export/events")).Split('\n').Order();
        Assert.Equal(events.Split('\n').Order(), sorted);
    }

    private async Task<Running> OpenAsync(params string[] algorithms)
    {
        var models = algorithms.Select(a => a == "als"
            ? TestService.Train(a, ("factors", "16"), ("iterations", "5"))
            : TestService.Train(a, ("regularization", "50"))).ToList<IRecommenderModel>();
        var data = await DataDirectory.OpenAsync(_folder, models);
        var app = RecsysService.Build(
            new ServiceParts(data.Recommender)
            {
                Onboarding = data.Recommender,
                Models = data.Recommender,
                Training = data.Training,
                Events = data.Engine,
                Forget = data.Engine,
                Items = data.ItemFile,
                Histories = data,
                Catalogue = data.ItemFile.Items,
            },
            new ServiceOptions { Urls = ["http://127.0.0.1:0"] },
            new TestService.TestLog());
        await app.StartAsync();
        return new Running(app, data);
    }

    private sealed class Running(WebApplication app, DataDirectory data) : IAsyncDisposable
    {
        public DataDirectory Data => data;

        public HttpClient Client { get; } = new() { BaseAddress = new Uri(app.Urls.First()) };

        public async Task<JsonElement> GetAsync(string path, HttpStatusCode expected = HttpStatusCode.OK)
        {
            using var response = await Client.GetAsync(path);
            return await TestService.ReadAsync(response, expected);
        }

        public async Task<JsonElement> PostAsync(string path, string body, HttpStatusCode expected = HttpStatusCode.OK, string type = "application/json")
        {
            using var content = new StringContent(body, Encoding.UTF8);
            content.Headers.ContentType = new(type);
            using var response = await Client.PostAsync(path, content);
            return await TestService.ReadAsync(response, expected);
        }

        public async Task<HttpStatusCode> PutAsync(string path, string body)
        {
            using var content = new StringContent(body, Encoding.UTF8, "application/json");
            using var response = await Client.PutAsync(path, content);
            return response.StatusCode;
        }

        public async Task<HttpStatusCode> DeleteAsync(string path)
        {
            using var response = await Client.DeleteAsync(path);
            return response.StatusCode;
        }

        /// <summary>Sends an event and waits until it is applied.</summary>
        public async Task SendAsync(object body, bool duplicate = false)
        {
            var receipt = await PostAsync("/api/v1/events", JsonSerializer.Serialize(body), HttpStatusCode.Accepted);
            Assert.Equal(duplicate, receipt.GetProperty("duplicate").GetBoolean());
            await data.Engine.WaitAppliedAsync(receipt.GetProperty("position").GetInt64());
        }

        public async Task WaitAsync(string job)
        {
            for (int i = 0; i < 600; i++)
            {
                var status = await GetAsync($"/api/v1/training/{job}");
                if (status.GetProperty("state").GetString() is not ("Queued" or "Running"))
                {
                    Assert.Equal("Succeeded", status.GetProperty("state").GetString());
                    return;
                }

                await Task.Delay(50);
            }

            Assert.Fail("the job did not end");
        }

        public async ValueTask DisposeAsync()
        {
            Client.Dispose();
            await app.StopAsync();
            await app.DisposeAsync();
            await data.DisposeAsync();
        }
    }
}
