using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Recsys.Api.Security;
using Recsys.Engine;
using Recsys.Engine.Serving;
using static Recsys.Api.Tests.RecommendationTests;

namespace Recsys.Api.Tests;

public sealed class SecurityTests : IDisposable
{
    private readonly string _keys = Path.Combine(Path.GetTempPath(), $"recsys-keys-{Guid.NewGuid():N}.json");

    public void Dispose() => File.Delete(_keys);

    [Fact]
    public async Task Keys_open_what_their_access_allows_and_nothing_more()
    {
        string read = ApiKeys.Add(_keys, "reader", Access.Read);
        string write = ApiKeys.Add(_keys, "shop", Access.Write);
        string admin = ApiKeys.Add(_keys, "boss", Access.Admin);
        await using var service = await TestService.StartAsync(new ServiceOptions { KeysFile = _keys });
        string user = User(0);
        const string Event = "{\"user\":\"u\",\"item\":\"i\",\"kind\":\"view\"}";

        foreach (string? key in new[] { null, "wrong", read[..^1], "" })
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync(service, HttpMethod.Get, $"/api/v1/users/{user}", key));
            Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync(service, HttpMethod.Get, "/metrics", key));
        }

        Assert.Equal(HttpStatusCode.OK, await SendAsync(service, HttpMethod.Get, $"/api/v1/users/{user}", read));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(service, HttpMethod.Post, "/api/v1/events", read, Event));
        Assert.Equal(HttpStatusCode.Accepted, await SendAsync(service, HttpMethod.Post, "/api/v1/events", write, Event));
        Assert.Equal(HttpStatusCode.OK, await SendAsync(service, HttpMethod.Get, $"/api/v1/users/{user}", write));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(service, HttpMethod.Post, "/api/v1/training", write, "{\"algorithm\":\"popularity\"}"));
        Assert.Equal(HttpStatusCode.Accepted, await SendAsync(service, HttpMethod.Post, "/api/v1/training", admin, "{\"algorithm\":\"popularity\"}"));
        foreach (string open in new[] { "/", "/health/live", "/health/ready", "/openapi/v1.json", "/page/app.css" })
        {
            Assert.Equal(HttpStatusCode.OK, await SendAsync(service, HttpMethod.Get, open, null));
        }
    }

    [Fact]
    public async Task Pages_of_a_host_below_the_admin_path_need_an_admin_key_as_token_or_password()
    {
        string read = ApiKeys.Add(_keys, "reader", Access.Read);
        string admin = ApiKeys.Add(_keys, "boss", Access.Admin);
        using var library = new ModelLibrary();
        var hosting = new ServiceHosting(_ => new ServiceParts(new ModelRecommender(library, new ItemStore())) { Metrics = () => "more 1\n" })
        {
            AdminPrefix = "/inside",
            MapAdmin = endpoints => endpoints.MapGet("/inside/page", () => "seen"),
        };
        await using var app = RecsysService.Build(hosting, new ServiceOptions { KeysFile = _keys, Urls = ["http://127.0.0.1:0"] });
        await app.StartAsync();
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };

        var refused = await client.GetAsync("/inside/page");
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal("Basic", refused.Headers.WwwAuthenticate.Single().Scheme);
        foreach (string path in new[] { "/inside/page", "/Inside/page", "/inside/nothing", "/inside" })
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(path, null)).Status);
            Assert.Equal(HttpStatusCode.Forbidden, (await AskAsync(path, Password(read))).Status);
            Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(path, Password(admin + "x"))).Status);
            Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(path, new AuthenticationHeaderValue("Basic", "%%%"))).Status);
        }

        Assert.Equal((HttpStatusCode.OK, "seen"), await AskAsync("/inside/page", Password(admin)));
        Assert.Equal((HttpStatusCode.OK, "seen"), await AskAsync("/inside/page", new AuthenticationHeaderValue("Bearer", admin)));
        Assert.EndsWith("more 1\n", (await AskAsync("/metrics", new AuthenticationHeaderValue("Bearer", read))).Text);

        async Task<(HttpStatusCode Status, string Text)> AskAsync(string path, AuthenticationHeaderValue? authorization)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Authorization = authorization;
            using var answer = await client.SendAsync(request);
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
        }

        static AuthenticationHeaderValue Password(string key) =>
            new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes("anyone:" + key)));
    }

    [Fact]
    public void The_file_of_keys_holds_hashes_only_and_is_its_owner_s()
    {
        string key = ApiKeys.Add(_keys, "shop", Access.Write);
        string text = File.ReadAllText(_keys);
        Assert.DoesNotContain(key, text, StringComparison.Ordinal);
        Assert.DoesNotContain(key[3..], text, StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_keys));
        }

        Assert.Equal("shop", ApiKeys.Load(_keys).Find(key)?.Name);
        Assert.Throws<InvalidOptionException>(() => ApiKeys.Add(_keys, "shop", Access.Read));
        Assert.True(ApiKeys.Remove(_keys, "shop"));
        Assert.Null(ApiKeys.Load(_keys).Find(key));
        File.WriteAllText(_keys, "{}");
        Assert.Throws<RecsysException>(() => ApiKeys.Load(_keys));
    }

    [Theory]
    [InlineData("http://0.0.0.0:0")]
    [InlineData("http://*:0")]
    [InlineData("http://192.0.2.1:0")]
    [InlineData("http://[::]:0")]
    public void Without_keys_the_service_listens_on_loopback_only(string url)
    {
        using var library = new ModelLibrary();
        var parts = new ServiceParts(new ModelRecommender(library, new ItemStore()));
        Assert.Throws<InvalidOptionException>(() => RecsysService.Build(parts, new ServiceOptions { Urls = [url] }));
        Assert.NotNull(RecsysService.Build(parts, new ServiceOptions { Urls = [url], Open = true }));
    }

    [Theory]
    [InlineData("https://127.0.0.1:0")]
    [InlineData("127.0.0.1:5080")]
    [InlineData("ftp://127.0.0.1")]
    [InlineData("http://127.0.0.1:0/path")]
    [InlineData("")]
    public void Addresses_that_are_none_are_refused(string url)
    {
        using var library = new ModelLibrary();
        var parts = new ServiceParts(new ModelRecommender(library, new ItemStore()));
        Assert.Throws<InvalidOptionException>(() => RecsysService.Build(parts, new ServiceOptions { Urls = [url] }));
    }

    [Fact]
    public async Task A_request_that_names_another_host_is_refused_on_loopback()
    {
        await using var service = await TestService.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/status");
        request.Headers.Host = "evil.example";
        using var response = await service.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.MisdirectedRequest, response.StatusCode);
        Assert.Equal(HttpStatusCode.OK, await SendAsync(service, HttpMethod.Get, "/api/v1/status", null));
    }

    [Fact]
    public async Task Bodies_over_the_limit_are_refused()
    {
        await using var service = await TestService.StartAsync(new ServiceOptions { MaxBodyBytes = 10_000, MaxStreamBytes = 50_000 });
        string large = "{\"user\":\"" + new string('x', 20_000) + "\"}";
        await service.PostAsync("/api/v1/recommendations", large, HttpStatusCode.RequestEntityTooLarge);
        string lines = string.Concat(Enumerable.Repeat("{\"user\":\"u\",\"item\":\"i\",\"kind\":\"view\"}\n", 1000));
        await service.PostAsync("/api/v1/events/stream", lines, HttpStatusCode.Accepted, "application/x-ndjson");
        await service.PostAsync("/api/v1/events/stream", lines + lines, HttpStatusCode.RequestEntityTooLarge, "application/x-ndjson");

        using var chunked = new HttpRequestMessage(HttpMethod.Post, "/api/v1/recommendations") { Content = new StreamContent(new MemoryStream(Encoding.UTF8.GetBytes(large))) };
        chunked.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        chunked.Headers.TransferEncodingChunked = true;
        using var response = await service.Client.SendAsync(chunked);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task A_client_over_its_rate_is_told_to_wait()
    {
        await using var service = await TestService.StartAsync(new ServiceOptions { RequestsPerSecond = 20 });
        var statuses = new List<HttpStatusCode>();
        for (int i = 0; i < 60; i++)
        {
            using var response = await service.Client.GetAsync("/health/live");
            statuses.Add(response.StatusCode);
            if (response.StatusCode == HttpStatusCode.TooManyRequests)
            {
                Assert.Equal("1", response.Headers.RetryAfter?.ToString());
                Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
            }
        }

        Assert.InRange(statuses.Count(s => s == HttpStatusCode.OK), 20, 50);
        Assert.Contains(HttpStatusCode.TooManyRequests, statuses);
    }

    [Fact]
    public async Task Requests_are_logged_without_ids()
    {
        await using var service = await TestService.StartAsync(new ServiceOptions { LogRequests = true });
        await service.GetAsync("/api/v1/users/secret-person/recommendations?exclude=secret-item");
        await service.GetAsync("/api/v1/items/secret-item", HttpStatusCode.NotFound);
        string log = string.Join('\n', service.Log.Lines);
        Assert.Contains("GET /api/v1/users/{id}/recommendations 200", log);
        Assert.Contains("GET /api/v1/items/{id} 404", log);
        Assert.DoesNotContain("secret", log);
    }

    private static async Task<HttpStatusCode> SendAsync(TestService service, HttpMethod method, string path, string? key, string? json = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (key is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + key);
        }

        if (json is not null)
        {
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        }

        using var response = await service.Client.SendAsync(request);
        return response.StatusCode;
    }
}
