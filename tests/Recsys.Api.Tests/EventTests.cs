using System.Net;
using System.Text;
using System.Text.Json;
using static Recsys.Api.Tests.RecommendationTests;

namespace Recsys.Api.Tests;

public sealed class EventTests : IAsyncLifetime
{
    private const string Lines = "application/x-ndjson";
    private TestService _service = null!;

    public async Task InitializeAsync() => _service = await TestService.StartAsync();

    public async Task DisposeAsync() => await _service.DisposeAsync();

    [Fact]
    public async Task An_event_is_accepted_once_whatever_how_often_it_is_sent()
    {
        const string Body = """{"id":"e1","user":"u","item":"i","kind":"click","value":2.5,"time":"2025-05-01T10:00:00Z"}""";
        var first = await _service.PostAsync("/api/v1/events", Body, HttpStatusCode.Accepted);
        var second = await _service.PostAsync("/api/v1/events", Body, HttpStatusCode.Accepted);

        Assert.Equal("e1", first.GetProperty("id").GetString());
        Assert.False(first.GetProperty("duplicate").GetBoolean());
        Assert.True(second.GetProperty("duplicate").GetBoolean());
        var accepted = Assert.Single(_service.Events!.Accepted);
        Assert.Equal(2.5f, accepted.Value);
        Assert.Equal(new DateTimeOffset(2025, 5, 1, 10, 0, 0, TimeSpan.Zero), accepted.Time);
    }

    [Fact]
    public async Task A_batch_is_accepted_whole_and_its_ids_come_in_order()
    {
        var events = Enumerable.Range(0, 500).Select(e => new { id = $"e{e}", user = $"u{e % 7}", item = $"i{e}", kind = "view" });
        var answer = await _service.PostAsync("/api/v1/events/batch", JsonSerializer.Serialize(new { events }), HttpStatusCode.Accepted);

        Assert.Equal(500, answer.GetProperty("accepted").GetInt32());
        Assert.Equal(events.Select(e => e.id), answer.GetProperty("ids").EnumerateArray().Select(i => i.GetString()!));
        Assert.Equal(500, _service.Events!.Accepted.Count);
    }

    [Fact]
    public async Task One_wrong_event_refuses_its_batch()
    {
        const string Body = """{"events":[{"user":"u","item":"i","kind":"click"},{"user":"u","item":"i","kind":"clack"}]}""";
        var answer = await _service.PostAsync("/api/v1/events/batch", Body, HttpStatusCode.BadRequest);
        Assert.StartsWith("events[1].kind", answer.GetProperty("detail").GetString());
        Assert.Empty(_service.Events!.Accepted);
    }

    [Fact]
    public async Task A_stream_of_lines_is_accepted_in_batches()
    {
        var text = new StringBuilder();
        for (int e = 0; e < 5000; e++)
        {
            text.Append("{\"id\":\"").Append(e).Append("\",\"user\":\"u\",\"item\":\"ü").Append(e % 90).Append("\",\"kind\":\"view\"}").Append(e % 2 == 0 ? "\n" : "\r\n\n");
        }

        var answer = await _service.PostAsync("/api/v1/events/stream", text + text.ToString().TrimEnd(), HttpStatusCode.Accepted, Lines);
        Assert.Equal(5000, answer.GetProperty("accepted").GetInt32());
        Assert.Equal(5000, answer.GetProperty("duplicates").GetInt32());
        Assert.Equal("ü89", _service.Events!.Accepted[89].Item);
    }

    [Fact]
    public async Task A_wrong_line_ends_the_stream_and_is_named()
    {
        const string Good = "{\"user\":\"u\",\"item\":\"i\",\"kind\":\"view\"}\n";
        foreach (string bad in new[] { "{\"user\":\"u\"", "[]", "{}", "{} {}", Good.TrimEnd() + " 1", "null", new string('x', 70_000) })
        {
            int before = _service.Events!.Accepted.Count;
            var answer = await _service.PostAsync("/api/v1/events/stream", Good + Good + bad + "\n" + Good, HttpStatusCode.BadRequest, Lines);
            string detail = answer.GetProperty("detail").GetString()!;
            Assert.StartsWith("line 3", detail);
            Assert.EndsWith("2 events before it are accepted", detail);
            Assert.Equal(before + 2, _service.Events!.Accepted.Count);
        }
    }

    [Theory]
    [InlineData("{\"item\":\"i\",\"kind\":\"view\"}")]
    [InlineData("{\"user\":\"\",\"item\":\"i\",\"kind\":\"view\"}")]
    [InlineData("{\"user\":\"u\",\"item\":\"i\",\"kind\":\"view\",\"id\":\"\"}")]
    [InlineData("{\"user\":\"u\",\"item\":\"i\",\"kind\":\"view\",\"value\":1e20}")]
    [InlineData("{\"user\":\"u\",\"item\":\"i\",\"kind\":\"view\",\"time\":\"yesterday\"}")]
    [InlineData("{\"user\":\"u\",\"item\":\"i\",\"kind\":\"view\",\"time\":\"2199-01-01T00:00:00Z\"}")]
    [InlineData("{\"user\":1,\"item\":\"i\",\"kind\":\"view\"}")]
    public async Task Wrong_events_are_refused(string body)
    {
        await _service.PostAsync("/api/v1/events", body, HttpStatusCode.BadRequest);
        Assert.Empty(_service.Events!.Accepted);
    }

    [Fact]
    public async Task A_body_that_is_not_json_by_its_type_is_refused() =>
        await _service.PostAsync("/api/v1/events", "{}", HttpStatusCode.UnsupportedMediaType, "text/plain");

    [Fact]
    public async Task A_service_without_a_store_says_so()
    {
        await using var reader = await TestService.StartAsync(store: false);
        const string Body = "{\"user\":\"u\",\"item\":\"i\",\"kind\":\"view\"}";
        var answer = await reader.PostAsync("/api/v1/events", Body, HttpStatusCode.NotImplemented);
        Assert.Equal("this service has no event store; start it with --data DIR", answer.GetProperty("detail").GetString());
        await reader.PostAsync("/api/v1/events/batch", "{\"events\":[" + Body + "]}", HttpStatusCode.NotImplemented);
        await reader.PostAsync("/api/v1/events/stream", Body, HttpStatusCode.NotImplemented, Lines);
        await reader.PostAsync("/api/v1/import/items", "{}", HttpStatusCode.NotImplemented, Lines);
        Assert.Equal(HttpStatusCode.NotImplemented, await reader.SendAsync(HttpMethod.Put, "/api/v1/items/a", "{}"));
        Assert.Equal(HttpStatusCode.NotImplemented, await reader.SendAsync(HttpMethod.Delete, $"/api/v1/users/{User(0)}"));
    }
}
