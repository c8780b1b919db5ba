using Recsys.Engine.Data;
using Recsys.Engine.Ease;
using Recsys.Engine.Evaluation;
using Recsys.Engine.Models;

namespace Recsys.Engine.Tests.Models;

/// <summary>
/// EASE on the real data sets against figures of other implementations (ALS: see AlsRealDataTests), and all models
/// bit for bit.
/// </summary>
[Trait("Category", "Long")]
public sealed class PublishedFiguresTests
{
    [RealDataFact]
    public void Ease_on_movielens_1m_reaches_the_published_figures_and_loses_by_clipping()
    {
        var free = MovieLens("ease", ("regularization", "700"));
        Assert.True(free["recall@20"] >= 0.3663, $"{free["recall@20"]}");
        Assert.True(free["ndcg@100"] >= 0.4263, $"{free["ndcg@100"]}");
        var clipped = MovieLens("ease", ("regularization", "700"), ("non-negative", "clip"));
        Assert.True(clipped["ndcg@100"] < free["ndcg@100"] - 0.01);
    }

    [RealDataFact]
    public void More_than_half_of_the_weights_are_negative()
    {
        var train = Dataset.Load(RealData.Path("ml-1m/train.tsv"));
        using var model = EaseTrainer.Train(train, new EaseOptions { Regularization = 700 });
        Assert.InRange(model.MeasureWeights().NegativeShare, 0.54, 0.62);
    }

    [RealDataFact]
    public void Threads_and_partitions_do_not_change_a_bit_on_real_data()
    {
        var train = Dataset.Load(RealData.Path("ml-100k/u.data"), new ReadOptions { MinWeight = 4 });
        foreach (string algorithm in new[] { "als", "ease" })
        {
            var bag = algorithm == "als" ? new OptionBag([new("factors", "32"), new("iterations", "4")]) : OptionBag.Empty;
            using var reference = Algorithms.Get(algorithm).Train(train, bag.With("threads", "1").With("partitions", "1"));
            foreach (var (threads, partitions) in new[] { ("2", "1"), ("7", "1"), ("2", "4"), ("2", "64") })
            {
                using var other = Algorithms.Get(algorithm).Train(train, bag.With("threads", threads).With("partitions", partitions));
                AssertSameScores(reference, other, $"{algorithm}, {threads} threads, {partitions} partitions");
            }
        }
    }

    private static void AssertSameScores(IRecommenderModel expected, IRecommenderModel actual, string what)
    {
        var one = new float[expected.Items.Count];
        var two = new float[expected.Items.Count];
        for (int user = 0; user < expected.Users.Count; user += 7)
        {
            expected.Score(expected.GetUser(user), one);
            actual.Score(actual.GetUser(user), two);
            Assert.True(one.AsSpan().SequenceEqual(two), $"{what}: user {user}");
        }
    }

    private static EvaluationResult MovieLens(string algorithm, params (string Name, string Value)[] options)
    {
        var train = Dataset.Load(RealData.Path("ml-1m/train.tsv"));
        var foldIn = Dataset.Load(RealData.Path("ml-1m/test_foldin.tsv"));
        var heldOut = Dataset.Load(RealData.Path("ml-1m/test_heldout.tsv"));
        var bag = new OptionBag(options.Select(o => new KeyValuePair<string, string>(o.Name, o.Value)));
        using var model = Algorithms.Get(algorithm).Train(train, bag);
        var metrics = new EvaluationOptions { Metrics = Metric.ParseList("recall@20,ndcg@100"), Resamples = 0 };
        return Evaluator.Evaluate(model, EvaluationTask.Strong(model, foldIn, heldOut), metrics);
    }
}
