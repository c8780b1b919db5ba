using Recsys.Engine.Data;
using Recsys.Engine.Evaluation;
using Recsys.Engine.Models;
using Recsys.Engine.Tuning;

namespace Recsys.Engine.Tests.Tuning;

/// <summary>On the strong split of MovieLens 1M: what published options reach, without being told any.</summary>
public sealed class TuningRealDataTests
{
    private static readonly EvaluationOptions Ndcg = new() { Metrics = Metric.ParseList("ndcg@100"), Resamples = 0 };

    [RealDataTheory]
    [Trait("Category", "Long")]
    [InlineData("als", 0.4337)] // Google iALS, 128 factors
    [InlineData("ease", 0.4284)] // λ 700
    public void Defaults_and_a_search_reach_the_best_known_options_within_a_hundredth(string model, double known)
    {
        Dataset train = Load("train"), foldIn = Load("test_foldin"), heldOut = Load("test_heldout");
        Assert.InRange(Test(OptionBag.Empty), known * 0.99, 1);
        var data = new TuningData(train, Load("val_foldin"), Load("val_heldout"));
        var result = Tuner.Run(data, [ModelSearch.Create(Algorithms.Get(model), OptionBag.Empty)], new TuningOptions { Trials = 24 });
        Assert.InRange(Test(new OptionBag(result.Best!.Options)), known * 0.99, 1);

        double Test(OptionBag options)
        {
            using var trained = Algorithms.Get(model).Train(train, options);
            return Evaluator.Evaluate(trained, EvaluationTask.Strong(trained, foldIn, heldOut), Ndcg)["ndcg@100"];
        }
    }

    private static Dataset Load(string part) => Dataset.Load(RealData.Path($"ml-1m/{part}.tsv"));
}
