using Recsys.Engine.Als;
using Recsys.Engine.Data;
using Recsys.Engine.Evaluation;
using Xunit.Abstractions;

namespace Recsys.Engine.Tests.Als;

/// <summary>What peers reach on the published splits, with their options.</summary>
[Trait("Category", "Long")]
public sealed class AlsRealDataTests(ITestOutputHelper output)
{
    private static readonly ReadOptions Reading = ReadOptions.Default with { AllowEmpty = true };

    [RealDataTheory]
    [InlineData(AlsSolver.Cholesky)]
    [InlineData(AlsSolver.ConjugateGradient)]
    [InlineData(AlsSolver.Subspace)]
    public void Ml_1m_reaches_the_published_ndcg(AlsSolver solver) =>
        Assert.True(MovieLens(new AlsOptions { Alpha = 11, Regularization = 100, Solver = solver }) >= 0.4290);

    [RealDataFact]
    public void Ml_1m_reaches_the_published_ndcg_with_the_other_weighting() => Assert.True(MovieLens(new AlsOptions
    {
        UnobservedWeight = 0.1,
        Regularization = 0.01,
        RegularizationExponent = 1,
    }) >= 0.4300);

    [RealDataFact]
    public void Conjugate_gradients_are_within_a_thousandth_of_exact()
    {
        var options = new AlsOptions { Alpha = 11, Regularization = 100 };
        Assert.Equal(MovieLens(options), MovieLens(options with { Solver = AlsSolver.ConjugateGradient }), 0.001);
    }

    [RealDataTheory]
    [InlineData(AlsSolver.Cholesky)]
    [InlineData(AlsSolver.ConjugateGradient)]
    public void Gowalla_reaches_the_published_recall(AlsSolver solver)
    {
        var train = Dataset.Load(RealData.Path("gowalla/train.txt"), Reading);
        var test = Dataset.Load(RealData.Path("gowalla/test.txt"), Reading);
        using var model = AlsTrainer.Train(train, new AlsOptions { Alpha = 39, Regularization = 30, Solver = solver });
        double recall = Evaluate(model, EvaluationTask.Weak(model, test), "recall_full@20");
        Assert.True(recall >= 0.1626);
    }

    private double MovieLens(AlsOptions options)
    {
        var train = Dataset.Load(RealData.Path("ml-1m/train.tsv"));
        var foldIn = Dataset.Load(RealData.Path("ml-1m/test_foldin.tsv"));
        var heldOut = Dataset.Load(RealData.Path("ml-1m/test_heldout.tsv"));
        using var model = AlsTrainer.Train(train, options);
        return Evaluate(model, EvaluationTask.Strong(model, foldIn, heldOut), "ndcg@100");
    }

    private double Evaluate(AlsModel model, EvaluationTask task, string metric)
    {
        var result = Evaluator.Evaluate(model, task, new EvaluationOptions { Metrics = Metric.ParseList(metric), Resamples = 0 });
        output.WriteLine($"{model.Options.Solver}: {metric} {result.Metrics[0].Value:F4}, loss {model.Losses[^1]:F0}, {model.TrainingSeconds:F2} s");
        return result.Metrics[0].Value;
    }
}
