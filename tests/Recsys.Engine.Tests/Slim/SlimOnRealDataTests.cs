using Recsys.Engine.Data;
using Recsys.Engine.Evaluation;
using Recsys.Engine.Models;
using Recsys.Engine.Slim;

namespace Recsys.Engine.Tests.Slim;

/// <summary>SLIM against figures of other implementations, and beside EASE.</summary>
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
    public void On_gowalla_it_is_within_half_a_per_cent_of_the_published_recall_with_the_published_options()
    {
        // scikit-learn's ElasticNet with alpha 0.005, l1_ratio 1e-6 and 29,858 users.
        var train = Dataset.Load(RealData.Path("gowalla/train.txt"), Reading);
        var test = Dataset.Load(RealData.Path("gowalla/test.txt"), Reading);
        using var model = SlimTrainer.Train(train, new SlimOptions { L1 = 0.000149, L2 = 149.3 });
        var metrics = Evaluate(model, EvaluationTask.Weak(model, test), "recall_full@20,ndcg@20");
        Assert.InRange(metrics["recall_full@20"], 0.1699 * 0.995, 0.1699 * 1.005);
        Assert.InRange(metrics["ndcg@20"], 0.1382 * 0.995, 0.1382 * 1.005);
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
