using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Recsys.Engine.Compute;

namespace Recsys.Api.Tests;

/// <summary>
/// Requests that no client should send: wrong JSON, huge bodies, odd ids and numbers, unknown parameters, broken HTTP.
/// None may bring a status of 5xx or a stack trace, and the service must answer as before afterwards.
/// </summary>
public sealed class FuzzTests
{
    private const int Clients = 4;

    [Fact]
    public Task Two_thousand_odd_requests_are_answered_without_a_server_error() => RunAsync(2_000, 1);

    [Fact]
    [Trait("Category", "Long")]
    public Task A_hundred_thousand_odd_requests_are_answered_without_a_server_error() => RunAsync(100_000, 2);

    private static async Task RunAsync(int requests, ulong seed)
    {
        await using var service = await TestService.StartAsync(new ServiceOptions { MaxBodyBytes = 64 << 10, MaxStreamBytes = 256 << 10 });
        string probe = $"/api/v1/users/{RecommendationTests.User(1)}/recommendations?n=10&model=ease";
        string before = (await service.GetAsync(probe)).GetRawText();
        var answers = new Dictionary<int, int>();
        var work = Enumerable.Range(0, Clients).Select(client => Task.Run(async () =>
        {
            var fuzz = new Fuzzer(SplitMix64.ForStream(seed, (ulong)client), Operations);
            for (int i = 0; i < requests / Clients; i++)
            {
                int status = i % 50 == 49 ? await SendRawAsync(service.Address, fuzz.Bytes()) : await SendAsync(service, fuzz.Next());
                lock (answers)
                {
                    answers[status] = answers.GetValueOrDefault(status) + 1;
                }
            }
        }));
        await Task.WhenAll(work);

        // The server's own answer to a version of HTTP that there is not is 505.
        Assert.DoesNotContain(answers.Keys, status => status >= 500 && status != StatusCodes.Status505HttpVersionNotsupported);
        Assert.DoesNotContain(service.Log.Lines, line => line.StartsWith("Error", StringComparison.Ordinal) || line.StartsWith("Critical", StringComparison.Ordinal));
        Assert.Contains(200, answers.Keys);
        Assert.Contains(202, answers.Keys);
        Assert.Contains(400, answers.Keys);
        Assert.Contains(404, answers.Keys);
        Assert.Equal(before, (await service.GetAsync(probe)).GetRawText());
    }

    /// <summary>Sends a request; the status, or 0 where the service closed the connection on a body over its limit.</summary>
    private static async Task<int> SendAsync(TestService service, Fuzzer.Request request)
    {
        using var message = new HttpRequestMessage(new HttpMethod(request.Method), service.Address.GetLeftPart(UriPartial.Authority) + request.Target);
        if (request.Body is not null)
        {
            message.Content = new ByteArrayContent(request.Body);
            message.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(request.Type);

            // The service closes a connection whose body it did not read to its end: not to be used again meanwhile.
            message.Headers.ConnectionClose = request.Body.Length > 60_000;
        }

        try
        {
            using var response = await service.Client.SendAsync(message);
            int status = (int)response.StatusCode;
            string text = await response.Content.ReadAsStringAsync();
            Assert.True(status < 500, $"{request.Method} {request.Target}: {status} {text}");
            Assert.DoesNotContain("   at ", text, StringComparison.Ordinal);
            if (status >= 400 && text.Length > 0 && request.Method != "HEAD")
            {
                Assert.Equal(status, JsonDocument.Parse(text).RootElement.GetProperty("status").GetInt32());
            }
            else if (response.Content.Headers.ContentType?.MediaType == "application/json" && text.Length > 0)
            {
                using var valid = JsonDocument.Parse(text); // NaN and unpaired surrogates are not
            }

            return status;
        }
        catch (HttpRequestException e)
        {
            // What sends more than the limit may find the connection closed before the answer is read.
            Assert.True(request.Body?.Length > 60_000, $"{request.Method} {request.Target} {request.Type} {Convert.ToHexString(request.Body ?? [])}: {e}");
            return 0;
        }
    }

    /// <summary>Sends bytes that may be no HTTP at all; the status that comes back, or 0.</summary>
    private static async Task<int> SendRawAsync(Uri address, byte[] bytes)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port);
        try
        {
            await client.Client.SendAsync(bytes);
            client.Client.Shutdown(SocketShutdown.Send);
            byte[] buffer = new byte[64];
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            int read = await client.Client.ReceiveAsync(buffer, patience.Token);
            string head = Encoding.ASCII.GetString(buffer, 0, read);
            return head.StartsWith("HTTP/1.1 ", StringComparison.Ordinal) ? int.Parse(head.AsSpan(9, 3), System.Globalization.CultureInfo.InvariantCulture) : 0;
        }
        catch (SocketException)
        {
            return 0;
        }
    }

    /// <summary>What is aimed at: method, address and a body that is right.</summary>
    private static readonly (string Method, string Path, string? Body, string Type)[] Operations =
    [
        ("GET", "/api/v1/users/{id}/recommendations", null, ""),
        ("GET", "/api/v1/users/{id}", null, ""),
        ("DELETE", "/api/v1/users/{id}", null, ""),
        ("GET", "/api/v1/items/{id}", null, ""),
        ("GET", "/api/v1/items/{id}/similar", null, ""),
        ("PUT", "/api/v1/items/fuzz-{id}", """{"name":"a","categories":["x","y"],"available":true,"features":{"f":1.5}}""", "application/json"),
        ("GET", "/api/v1/popular", null, ""),
        ("GET", "/api/v1/search", null, ""),
        ("GET", "/api/v1/status", null, ""),
        ("GET", "/api/v1/training/{id}", null, ""),
        ("GET", "/metrics", null, ""),
        ("GET", "/{id}", null, ""),
        ("POST", "/api/v1/recommendations", """{"history":[{"item":"book-0001","weight":1.5},{"item":"book-0002"}],"n":5,"offset":0,"categories":["Poetry"],"exclude":["a"],"explain":true}""", "application/json"),
        ("POST", "/api/v1/recommendations/batch", """{"queries":[{"user":"1","n":3},{"history":[]},{"allow":["book-0003"]}]}""", "application/json"),
        ("POST", "/api/v1/onboarding", """{"likes":["book-0001"],"dislikes":["book-0002"],"unknown":["book-0003"],"questions":2,"n":5,"categories":["Poetry"],"explain":true}""", "application/json"),
        ("POST", "/api/v1/users/{id}/onboarding", """{"id":"1","likes":["book-0001"],"dislikes":["book-0002"]}""", "application/json"),
        ("POST", "/api/v1/events", """{"id":"1","user":"u","item":"i","kind":"click","value":1,"time":"2025-01-01T00:00:00Z"}""", "application/json"),
        ("POST", "/api/v1/events/batch", """{"events":[{"user":"u","item":"i","kind":"view"},{"user":"u","item":"j","kind":"dislike","value":-1}]}""", "application/json"),
        ("POST", "/api/v1/events/stream", "{\"user\":\"u\",\"item\":\"i\",\"kind\":\"view\"}\n{\"user\":\"u\",\"item\":\"j\",\"kind\":\"view\"}\n", "application/x-ndjson"),
        ("POST", "/api/v1/training", """{"algorithm":"nothing","options":{"a":1}}""", "application/json"),
        ("POST", "/api/v1/models/{id}/activate", """{"version":"3","default":true}""", "application/json"),
        ("POST", "/api/v1/models/{id}/rollback", null, ""),
    ];
}
