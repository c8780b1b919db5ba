using System.Net;
using System.Text.RegularExpressions;
using Recsys.Api.Metrics;
using Recsys.Engine.Serving;
using static Recsys.Api.Tests.RecommendationTests;

namespace Recsys.Api.Tests;

public sealed class StatusTests : IAsyncLifetime
{
    private TestService _service = null!;

    public async Task InitializeAsync() => _service = await TestService.StartAsync();

    public async Task DisposeAsync() => await _service.DisposeAsync();

    [Fact]
    public async Task Health_says_live_and_ready()
    {
        Assert.Equal("live", (await _service.GetAsync("/health/live")).GetProperty("status").GetString());
        Assert.Equal("ready", (await _service.GetAsync("/health/ready")).GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_service_without_a_model_is_live_but_not_ready()
    {
        using var library = new Engine.Serving.ModelLibrary();
        var parts = new ServiceParts(new Engine.Serving.ModelRecommender(library, new Engine.Serving.ItemStore())) { Ready = () => library.IsReady };
        await using var app = RecsysService.Build(parts, new ServiceOptions { Urls = ["http://127.0.0.1:0"] }, new TestService.TestLog());
        await app.StartAsync();
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/health/live")).StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await client.GetAsync("/health/ready")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/metrics")).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await client.GetAsync("/api/v1/users/1/recommendations")).StatusCode);
        await app.StopAsync();
    }

    [Fact]
    public async Task Metrics_count_requests_by_route_and_are_well_formed()
    {
        for (int u = 0; u < 7; u++)
        {
            await _service.GetAsync($"/api/v1/users/{User(u)}/recommendations");
        }

        await _service.GetAsync("/api/v1/items/none", HttpStatusCode.NotFound);
        string text = await _service.Client.GetStringAsync("/metrics");
        Assert.Contains("recsys_http_requests_total{method=\"GET\",route=\"/api/v1/users/{id}/recommendations\",status=\"2xx\"} 7\n", text);
        Assert.Contains("recsys_http_requests_total{method=\"GET\",route=\"/api/v1/items/{id}\",status=\"4xx\"} 1\n", text);
        Assert.Contains("recsys_http_request_duration_seconds_bucket{method=\"GET\",route=\"/api/v1/users/{id}/recommendations\",le=\"+Inf\"} 7\n", text);
        Assert.Contains("recsys_model_info{model=\"ease\",version=\"1\"} 1\n", text);
        Assert.DoesNotContain(User(3) + "\"", text);
        Assert.All(text.TrimEnd('\n').Split('\n'), line => Assert.Matches(new Regex("^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\\{([a-z]+=\"[^\"]*\",?)+\\})? [-+0-9.eE]+)$"), line));
    }

    [Fact]
    public async Task Status_shows_counts_and_latency()
    {
        await _service.GetAsync($"/api/v1/users/{User(0)}/recommendations");
        await _service.PostAsync("/api/v1/events", "{\"user\":\"u\",\"item\":\"i\",\"kind\":\"view\"}", HttpStatusCode.Accepted);
        var status = await _service.GetAsync("/api/v1/status");
        Assert.Equal("ease", status.GetProperty("model").GetString());
        Assert.Equal(200, status.GetProperty("items").GetInt32());
        var traffic = status.GetProperty("traffic");
        Assert.Equal(1, traffic.GetProperty("eventsAccepted").GetInt32());
        Assert.Equal(1, traffic.GetProperty("recommendations").GetProperty("count").GetInt32());
        Assert.True(traffic.GetProperty("recommendations").GetProperty("p99Ms").GetDouble() > 0);
    }

    [Fact]
    public void Quantiles_of_the_histogram_are_within_its_resolution()
    {
        var histogram = new LatencyHistogram();
        for (int us = 1; us <= 100_000; us++)
        {
            histogram.Add(us);
        }

        foreach (double share in new[] { 0.01, 0.5, 0.9, 0.99, 1 })
        {
            Assert.InRange(histogram.Quantile(share), share * 100_000, share * 100_000 * 1.07);
        }

        Assert.Equal(100_000, histogram.Count);
        Assert.Equal(100_000, histogram.Max);
        Assert.InRange(histogram.CountUpTo(50_000), 46_000, 50_000);
        Assert.Equal(0, new LatencyHistogram().Quantile(0.5));
    }
}
