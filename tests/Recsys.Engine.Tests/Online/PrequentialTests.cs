using System.Text.Json.Nodes;
using System.Xml.Linq;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Evaluation;
using Recsys.Engine.Logistic;
using Recsys.Engine.Online.Prequential;

namespace Recsys.Engine.Tests.Online;

public sealed class PrequentialTests
{
    private static readonly PrequentialOptions Quick = new()
    {
        Als = new() { Factors = 8, Alpha = 5, Regularization = 5, Iterations = 3 },
        Lmf = LmfOptions.For(LmfLoss.Logistic) with { Factors = 8, NegativeCount = 4, Epochs = 3 },
        EaseRegularization = 20,
        EaseEvery = 4,
        Slices = 4,
        Resamples = 100,
        Strategies = ["frozen", "fold-in", "lmf:uniform", "lmf:in-batch:16", "ease", "ease-frozen", "popularity"],
    };

    [Fact]
    public void Ranks_are_those_of_sorting_the_unseen_items()
    {
        var random = new SplitMix64(3);
        for (int trial = 0; trial < 200; trial++)
        {
            var scores = new float[30];
            for (int i = 0; i < scores.Length; i++)
            {
                scores[i] = random.NextInt(6); // many ties
            }

            int[] seen = [.. Enumerable.Range(0, 30).Where(_ => random.NextInt(3) == 0)];
            int item = Enumerable.Range(0, 30).First(i => !seen.Contains(i));
            int[] sorted = [.. Enumerable.Range(0, 30).Except(seen).OrderByDescending(i => scores[i]).ThenBy(i => i)];
            Assert.Equal(Array.IndexOf(sorted, item) + 1, PrequentialRun.Rank(scores, seen, item));
        }
    }

    [Fact]
    public void A_case_worked_out_by_hand()
    {
        // Popularity by hand: train a:2 b:1; then (u3,b): unseen a 2, b 1 → rank 2; then (u3,c): a 2, c 0 → rank 2;
        // (u3,b) again is not scored; (u4,b): a 2, b 2 → a comes first → rank 2; then (u4,a): a 2, c 1 → rank 1.
        var users = IdTable.FromStrings(["u1", "u2", "u3", "u4"]);
        var items = IdTable.FromStrings(["a", "b", "c"]);
        var log = new InteractionLog(
            users, items, [3, 0, 1, 0, 2, 2, 2, 3], [0, 0, 0, 1, 1, 2, 1, 1], null, [80, 10, 20, 30, 40, 50, 60, 70]);
        var result = PrequentialRun.Evaluate(log, Quick with
        {
            TrainShare = 0.4,
            Strategies = ["popularity"],
            Metrics = Metric.ParseList("hit_rate@1,mrr@3,ndcg@3"),
        });
        Assert.Equal((3, 5, 4, 2), (result.TrainEvents, result.Events, result.Scored, result.Users));
        var strategy = result.Strategies.Single();
        Assert.Equal(0.25, strategy.Metrics[0].Value, 1e-9);
        Assert.Equal((0.5 + 0.5 + 0.5 + 1) / 4, strategy.Metrics[1].Value, 1e-9);
        Assert.Equal(((3 / Math.Log2(3)) + 1) / 4, strategy.Metrics[2].Value, 1e-9);
        Assert.Equal(1, result.Bands[3]); // c is new
    }

    [Fact]
    public void Learning_beats_standing_still_on_a_taste_that_turns()
    {
        var result = PrequentialRun.Evaluate(Turning(), Quick);
        double Of(string name) => result.Strategies.Single(s => s.Strategy == name).Metrics.Single(m => m.Metric.ToString() == "ndcg@20").Value;
        Assert.True(Of("fold-in") > Of("frozen") * 1.2, $"{Of("fold-in")} {Of("frozen")}");
        Assert.True(Of("ease") > Of("ease-frozen") * 1.2, $"{Of("ease")} {Of("ease-frozen")}");
        var gain = result.Strategies.Single(s => s.Strategy == "fold-in").Gains.Single(m => m.Metric.ToString() == "ndcg@20");
        Assert.Equal(Of("fold-in") - Of("frozen"), gain.Value, 1e-9);
        Assert.InRange(gain.Value, gain.Confidence!.Value.Low, gain.Confidence.Value.High);
        Assert.True(gain.Confidence.Value.Low > 0);
    }

    [Fact]
    public void Slices_and_bands_add_up_to_the_whole()
    {
        var result = PrequentialRun.Evaluate(Turning(), Quick with { Resamples = 0 });
        Assert.Equal(result.Scored, result.Bands.Sum());
        foreach (var strategy in result.Strategies)
        {
            for (int m = 0; m < strategy.Metrics.Count; m++)
            {
                double sum = strategy.Bands[m].Select((b, i) => result.Bands[i] == 0 ? 0 : b.Value * result.Bands[i]).Sum();
                Assert.Equal(strategy.Metrics[m].Value, sum / result.Scored, 1e-9);
                Assert.Equal(4, strategy.Slices[m].Length);
            }
        }
    }

    [Fact]
    public void The_same_seed_gives_the_same_result()
    {
        var log = Turning();
        string first = Strip(PrequentialRun.Evaluate(log, Quick));
        Assert.Equal(first, Strip(PrequentialRun.Evaluate(log, Quick with { Threads = 1 })));

        static string Strip(PrequentialResult result) => string.Join('\n', result.Strategies.Select(s =>
            s.Strategy + string.Join(',', s.Metrics.Select(m => $"{m.Value} {m.Confidence}")) + string.Join(',', s.Slices.SelectMany(x => x))));
    }

    [Fact]
    public void Json_and_report_hold_every_strategy()
    {
        var result = PrequentialRun.Evaluate(Turning(), Quick);
        using var stream = new MemoryStream();
        PrequentialJson.Write(result, stream);
        var json = JsonNode.Parse(stream.ToArray())!.AsObject();
        Assert.Equal(["strategies"], json.Select(p => p.Key));
        var strategies = json["strategies"]!.AsArray();
        Assert.Equal(Quick.Strategies, strategies.Select(s => s!["strategy"]!.GetValue<string>()));
        Assert.Equal(result.Strategies[1].Metrics[3].Value, strategies[1]!["metrics"]!["ndcg@20"]!.GetValue<double>());
        Assert.Equal(4, strategies[1]!["slices"]!["ndcg@20"]!.AsArray().Count);

        string html = PrequentialReport.Render(result);
        var page = XDocument.Parse(html.Replace("<!DOCTYPE html>\n", "", StringComparison.Ordinal));
        Assert.Equal(["Metrics", "Gain over frozen", "Over time", "By popularity"], page.Descendants("h2").Select(h => h.Value));
        foreach (string name in Quick.Strategies)
        {
            Assert.Contains(name, html, StringComparison.Ordinal);
        }

        Assert.True(page.Descendants("figure").Count() >= 4);
    }

    [Fact]
    public void What_cannot_be_replayed_is_refused()
    {
        var log = Turning();
        var timeless = new InteractionLog(log.UserIds, log.ItemIds, log.Users.ToArray(), log.Items.ToArray());
        Assert.Contains("--time-column", Assert.Throws<RecsysException>(() => PrequentialRun.Evaluate(timeless, Quick)).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOptionException>(() => PrequentialRun.Evaluate(log, Quick with { Strategies = ["magic"] }));
        Assert.Throws<InvalidOptionException>(() => PrequentialRun.Evaluate(log, Quick with { Strategies = ["lmf:magic"] }));
        Assert.Throws<InvalidOptionException>(() => PrequentialRun.Evaluate(log, Quick with { TrainShare = 1 }));
        Assert.Throws<InvalidOptionException>(() => PrequentialRun.Evaluate(log, Quick with { Metrics = Metric.ParseList("coverage@20") }));
        Assert.Throws<RecsysException>(() => PrequentialRun.Evaluate(
            new InteractionLog(log.UserIds, log.ItemIds, [0], [0], null, [1]), Quick));
    }

    /// <summary>
    /// 100 users and 60 items in six groups of taste; half-way through, everyone moves on to the next taste. Items of each
    /// taste stand all over the tables.
    /// </summary>
    private static InteractionLog Turning()
    {
        var random = new SplitMix64(11);
        var (users, items, times) = (new List<int>(), new List<int>(), new List<long>());
        for (int e = 0; e < 2400; e++)
        {
            int user = random.NextInt(100);
            int taste = (user + (e < 1200 ? 0 : 1)) % 6;
            users.Add(user);
            items.Add(taste + (6 * random.NextInt(10)));
            times.Add(e);
        }

        return new InteractionLog(IdTable.Sequential(100), IdTable.Sequential(60), [.. users], [.. items], null, [.. times]) { Name = "turning" };
    }
}
