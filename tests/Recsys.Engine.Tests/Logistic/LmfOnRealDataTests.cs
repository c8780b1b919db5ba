using Recsys.Engine.Data;
using Recsys.Engine.Evaluation;
using Recsys.Engine.Logistic;

namespace Recsys.Engine.Tests.Logistic;

/// <summary>The default options against figures of peers on the same splits (measured by the same protocols).</summary>
public sealed class LmfOnRealDataTests
{
    [RealDataTheory]
    [Trait("Category", "Long")]
    [InlineData(LmfLoss.Softmax, 0.425)]
    [InlineData(LmfLoss.Logistic, 0.41)]
    [InlineData(LmfLoss.Bpr, 0.41)]
    public void Strong_split_of_ml_1m(LmfLoss loss, double atLeast)
    {
        var train = Dataset.Load(RealData.Path("ml-1m/train.tsv"));
        using var model = LmfTrainer.Train(train, LmfOptions.For(loss));
        var task = EvaluationTask.Strong(
            model, Dataset.Load(RealData.Path("ml-1m/test_foldin.tsv")), Dataset.Load(RealData.Path("ml-1m/test_heldout.tsv")));
        var result = Evaluator.Evaluate(model, task, new EvaluationOptions { Metrics = Metric.ParseList("ndcg@100"), Resamples = 0 });
        Assert.True(result["ndcg@100"] >= atLeast, $"{result["ndcg@100"]:F4}");
    }

    [RealDataFact]
    [Trait("Category", "Long")]
    public void Gowalla_beats_published_bpr()
    {
        var train = Dataset.Load(RealData.Path("gowalla/train.txt"));
        using var model = LmfTrainer.Train(train, LmfOptions.For(LmfLoss.Softmax) with { Factors = 128, Epochs = 20 });
        var task = EvaluationTask.Weak(model, Dataset.Load(RealData.Path("gowalla/test.txt")));
        var options = new EvaluationOptions { Metrics = Metric.ParseList("recall_full@20,ndcg@20"), Resamples = 0 };
        var result = Evaluator.Evaluate(model, task, options);
        Assert.True(result["recall_full@20"] >= 0.1627, $"{result["recall_full@20"]:F4}");
    }

    [RealDataFact]
    [Trait("Category", "Long")]
    public void Learning_online_from_nothing_ranks_better_than_popularity()
    {
        // One pass in random order, every user and item new: weak evidence, but far from none.
        var train = Dataset.Load(RealData.Path("ml-1m/train.tsv"));
        using var online = new OnlineLmf(LmfOptions.For(LmfLoss.Softmax) with { NegativeCount = 8 });
        int[] userOf = [.. Enumerable.Range(0, train.Users.Count).SelectMany(u => Enumerable.Repeat(u, train.Interactions.RowLength(u)))];
        int[] order = [.. Enumerable.Range(0, userOf.Length)];
        new Random(1).Shuffle(order);
        foreach (int e in order)
        {
            online.Learn(userOf[e], train.Interactions.AllColumns[e]);
        }

        using var model = online.ToModel(train.Users, train.Items);
        var task = EvaluationTask.Strong(
            model, Dataset.Load(RealData.Path("ml-1m/test_foldin.tsv")), Dataset.Load(RealData.Path("ml-1m/test_heldout.tsv")));
        var result = Evaluator.Evaluate(model, task, new EvaluationOptions { Metrics = Metric.ParseList("ndcg@100"), Resamples = 0 });
        Assert.True(result["ndcg@100"] > 0.30, $"{result["ndcg@100"]:F4}");
    }
}
