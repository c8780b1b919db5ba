using Recsys.Engine.Evaluation;

namespace Recsys.Engine.Tests.Evaluation;

public sealed class MetricTests
{
    [Theory]
    [InlineData("recall@20", MetricKind.Recall, 20)]
    [InlineData(" recall_full@1 ", MetricKind.RecallFull, 1)]
    [InlineData("ndcg@100", MetricKind.Ndcg, 100)]
    [InlineData("precision@5", MetricKind.Precision, 5)]
    [InlineData("hit_rate@10", MetricKind.HitRate, 10)]
    [InlineData("mrr@10", MetricKind.Mrr, 10)]
    [InlineData("map@10", MetricKind.Map, 10)]
    [InlineData("coverage@10", MetricKind.Coverage, 10)]
    [InlineData("novelty@10", MetricKind.Novelty, 10)]
    [InlineData("gini@10", MetricKind.Gini, 10)]
    public void Names_are_read_and_written(string text, MetricKind kind, int k)
    {
        var metric = Metric.Parse(text);
        Assert.Equal(new Metric(kind, k), metric);
        Assert.Equal(text.Trim(), metric.ToString());
    }

    [Fact]
    public void Every_kind_has_a_name_and_a_description()
    {
        foreach (var kind in Enum.GetValues<MetricKind>())
        {
            var metric = new Metric(kind, 3);
            Assert.Equal(metric, Metric.Parse(metric.ToString()));
            Assert.NotEmpty(metric.Description);
        }

        Assert.Equal(Enum.GetValues<MetricKind>().Length, Metric.Names.Count);
    }

    [Theory]
    [InlineData("recal@20")]
    [InlineData("@20")]
    [InlineData("")]
    [InlineData("auc")]
    public void An_unknown_name_is_refused_with_the_known_ones(string text)
    {
        var error = Assert.Throws<InvalidOptionException>(() => Metric.Parse(text));
        Assert.Contains($"'{text}'", error.Message, StringComparison.Ordinal);
        Assert.All(Metric.Names, name => Assert.Contains(name, error.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("recall")]
    [InlineData("recall@")]
    [InlineData("recall@0")]
    [InlineData("recall@-1")]
    [InlineData("recall@1.5")]
    [InlineData("recall@x")]
    [InlineData("recall@20@30")]
    [InlineData("recall@99999999999")]
    public void A_bad_cutoff_is_refused(string text)
    {
        var error = Assert.Throws<InvalidOptionException>(() => Metric.Parse(text));
        Assert.Contains($"'{text}'", error.Message, StringComparison.Ordinal);
        Assert.Contains("cutoff", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_keeps_order_and_drops_repetitions()
    {
        Assert.Equal(["ndcg@10", "recall@20"], Metric.ParseList("ndcg@10, recall@20,ndcg@10,").Select(m => m.ToString()));
        Assert.Throws<InvalidOptionException>(() => Metric.ParseList(" , "));
    }
}
