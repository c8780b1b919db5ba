using System.Net;
using static Recsys.Api.Tests.RecommendationTests;

namespace Recsys.Api.Tests;

public sealed class SwapTests
{
    [Fact]
    public async Task Requests_see_one_version_throughout_while_models_are_swapped()
    {
        await using var service = await TestService.StartAsync();
        var expected = new Dictionary<string, string>();
        string path = $"/api/v1/users/{User(11)}/recommendations?n=20";
        using var stop = new CancellationTokenSource();
        var answers = new List<(string Version, string Text)>();
        var clients = Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                using var response = await service.Client.GetAsync(path);
                Assert.Equal(HttpStatusCode.OK, response.StatusCode);
                string version = Assert.Single(response.Headers.GetValues("Recsys-Model-Version"));
                string text = await response.Content.ReadAsStringAsync();
                lock (answers)
                {
                    answers.Add((version, text));
                }
            }
        })).ToArray();

        int seen = 0;
        for (int swap = 0; swap < 20; swap++)
        {
            service.Library.Add("ease", TestService.Train("ease", ("regularization", (50 + (swap * 400)).ToString(System.Globalization.CultureInfo.InvariantCulture))));
            while (AnswerCount() < seen + 5)
            {
                await Task.Delay(1);
            }

            seen = AnswerCount();
        }

        await stop.CancelAsync();
        await Task.WhenAll(clients);
        foreach (var (version, text) in answers)
        {
            // A version always gives the same answer: none was put together from two.
            Assert.Equal(expected.TryGetValue(version, out string? first) ? first : expected[version] = text, text);
        }

        Assert.True(expected.Count >= 15, $"{expected.Count} versions answered");

        int AnswerCount()
        {
            lock (answers)
            {
                return answers.Count;
            }
        }
    }
}
