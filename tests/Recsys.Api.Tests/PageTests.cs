using System.Net;
using System.Text.RegularExpressions;

namespace Recsys.Api.Tests;

public sealed class PageTests : IAsyncLifetime
{
    private TestService _service = null!;

    public async Task InitializeAsync() => _service = await TestService.StartAsync();

    public async Task DisposeAsync() => await _service.DisposeAsync();

    [Fact]
    public async Task The_page_and_everything_it_names_are_served_from_here()
    {
        var seen = new HashSet<string>();
        var open = new Queue<string>(["/"]);
        while (open.TryDequeue(out string? path))
        {
            if (!seen.Add(path))
            {
                continue;
            }

            using var response = await _service.Client.GetAsync(path);
            Assert.True(response.StatusCode == HttpStatusCode.OK, path);
            string policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
            Assert.Contains("default-src 'none'", policy);
            string text = await response.Content.ReadAsStringAsync();
            Assert.DoesNotMatch(new Regex("(src|href)=\"(https?:)?//|@import|innerHTML|eval\\("), text);
            foreach (Match match in Regex.Matches(text, "(?:src|href)=\"(/page/[^\"]+)\""))
            {
                open.Enqueue(match.Groups[1].Value);
            }

            foreach (Match match in Regex.Matches(text, "from '\\./([a-z]+\\.js)'"))
            {
                open.Enqueue("/page/" + match.Groups[1].Value);
            }
        }

        Assert.True(seen.Count >= 12, string.Join(", ", seen));
    }

    [Fact]
    public async Task A_file_that_has_not_changed_is_not_sent_again()
    {
        using var first = await _service.Client.GetAsync("/page/app.css");
        using var again = new HttpRequestMessage(HttpMethod.Get, "/page/app.css");
        again.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        using var second = await _service.Client.SendAsync(again);
        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
        using var head = await _service.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/"));
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
    }
}
