using Recsys.Engine.Data;
using Recsys.Engine.Evaluation;
using Recsys.Engine.Models;
using Recsys.Engine.Slim;

namespace Recsys.Engine.Tests.Slim;

/// <summary>SLIM on real data, beside EASE.</summary>
[Trait("Category", "Long")]
public sealed class SlimOnRealDataTests
{
    private static readonly ReadOptions Reading = ReadOptions.Default with { AllowEmpty = true };

    [RealDataFact]
    public void On_movielens_1m_it_is_below_ease_and_not_below_ease_under_the_same_constraint()
    {
        double slim = MovieLens("slim", ("l1", "1"), ("l2", "400"));
        Assert.InRange(slim, 0.4180, 0.4215);
        Assert.True(slim < MovieLens("ease", ("regularization", "700")));
        Assert.True(slim > MovieLens("ease", ("regularization", "700"), ("non-negative", "clip")));
    }

    [RealDataFact]
    public void Negative_weights_raise_its_quality_on_movielens_1m()
    {
        double nonNegative = MovieLens("slim", ("l1", "5"), ("l2", "400"));
        double signed = MovieLens("slim", ("l1", "5"), ("l2", "400"), ("non-negative", "false"));
        Assert.True(signed > nonNegative, $"{signed} with negative weights, {nonNegative} without");
    }

    [RealDataFact]
    public void Gowalla_with_its_41_thousand_items_is_trained_from_a_sparse_gram_matrix()
    {
        var train = Dataset.Load(RealData.Path("gowalla/train.txt"), Reading);
        var test = Dataset.Load(RealData.Path("gowalla/test.txt"), Reading);
        var options = new SlimOptions { L1 = 2, L2 = 50 };
        Assert.True(SlimTrainer.EstimateBytes(train.Interactions, options) < 600_000_000);
        using var model = SlimTrainer.Train(train, options);
        var metrics = Evaluate(model, EvaluationTask.Weak(model, test), "recall_full@20,ndcg@20");
        Assert.Equal(0.1648, metrics["recall_full@20"], 0.0005);
        Assert.Equal(0.1366, metrics["ndcg@20"], 0.0005);
    }

    private static double MovieLens(string algorithm, params (string Name, string Value)[] options)
    {
        var train = Dataset.Load(RealData.Path("ml-1m/train.tsv"));
        var foldIn = Dataset.Load(RealData.Path("ml-1m/test_foldin.tsv"));
        var heldOut = Dataset.Load(RealData.Path("ml-1m/test_heldout.tsv"));
        var bag = new OptionBag(options.Select(o => new KeyValuePair<string, string>(o.Name, o.Value)));
        using var model = Algorithms.Get(algorithm).Train(train, bag);
        return Evaluate(model, EvaluationTask.Strong(model, foldIn, heldOut), "ndcg@100")["ndcg@100"];
    }

    private static EvaluationResult Evaluate(IRecommenderModel model, EvaluationTask task, string metrics) =>
        Evaluator.Evaluate(model, task, new EvaluationOptions { Metrics = Metric.ParseList(metrics), Resamples = 0 });
}
