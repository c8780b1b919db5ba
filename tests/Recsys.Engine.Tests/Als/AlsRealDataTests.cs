using Recsys.Engine.Als;
using Xunit.Abstractions;

namespace Recsys.Engine.Tests.Als;

[Trait("Category", "Long")]
public sealed class AlsRealDataTests(ITestOutputHelper output)
{
    [RealDataFact]
    public void Ml_1m_exact_reaches_the_published_ndcg() => MovieLens(AlsSolver.Cholesky);

    [RealDataFact]
    public void Ml_1m_conjugate_gradients_reach_the_published_ndcg() => MovieLens(AlsSolver.ConjugateGradient);

    [RealDataFact]
    public void Ml_1m_subspaces_reach_the_published_ndcg() => MovieLens(AlsSolver.Subspace);

    [RealDataFact]
    public void Gowalla_exact_reaches_the_published_recall() => Gowalla(AlsSolver.Cholesky);

    [RealDataFact]
    public void Gowalla_conjugate_gradients_reach_the_published_recall() => Gowalla(AlsSolver.ConjugateGradient);

    private void MovieLens(AlsSolver solver)
    {
        var (data, test) = AlsRealRun.MovieLens();
        using var model = AlsTrainer.Train(data, new AlsOptions { Alpha = 11, Regularization = 100, Solver = solver });
        var (ndcg, recall20, recall50) = AlsRealRun.Strong(model, test);
        output.WriteLine(
            $"{solver}: ndcg@100 {ndcg:F4} recall@20 {recall20:F4} recall@50 {recall50:F4}; loss {model.Losses[^1]:F0}; {model.TrainingSeconds:F2} s");
        Assert.True(ndcg >= 0.4290, $"{ndcg}");
    }

    private void Gowalla(AlsSolver solver)
    {
        var (data, test) = AlsRealRun.Gowalla();
        using var model = AlsTrainer.Train(data, new AlsOptions { Alpha = 39, Regularization = 30, Solver = solver });
        var (recall, ndcg) = AlsRealRun.Weak(model, test);
        output.WriteLine($"{solver}: recall_full@20 {recall:F4} ndcg@20 {ndcg:F4}; loss {model.Losses[^1]:F0}; {model.TrainingSeconds:F2} s");
        Assert.True(recall >= 0.1626, $"{recall}");
    }
}
