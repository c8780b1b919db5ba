using Recsys.Engine.Als;
using Recsys.Engine.Data;
using Recsys.Engine.Ease;
using Recsys.Engine.Evaluation;
using Recsys.Engine.Models;
using Recsys.Engine.Numerics;
using Recsys.Engine.Serving;
using Recsys.Engine.Storage;
using Xunit.Abstractions;

namespace Recsys.Engine.Tests.Serving;

/// <summary>What rounded storage loses on trained models: MovieLens 1M, strong split, test users.</summary>
[Trait("Category", "Long")]
public sealed class RoundingOnRealDataTests(ITestOutputHelper output)
{
    private delegate int Recommender(UserProfile user, ItemFilter filter, Span<ScoredItem> results);

    [RealDataFact]
    public void Rounded_factors_of_als_recommend_what_exact_ones_do()
    {
        var train = Dataset.Load(RealData.Path("ml-1m/train.tsv"));
        var options = new AlsOptions { Factors = 128, Alpha = 11, Regularization = 100, Iterations = 8 };
        using var model = AlsTrainer.Train(train, options);
        var exact = new Baseline(model);
        foreach (var (storage, rescore, least) in new[]
        {
            (FactorStorage.Float32, false, 1.0),
            (FactorStorage.BFloat16, false, 0.99),
            (FactorStorage.BFloat16, true, 0.9999),
            (FactorStorage.Float16, false, 0.998),
            (FactorStorage.Int8, false, 0.95),
            (FactorStorage.Int8, true, 0.9999),
        })
        {
            using var index = new FactorIndex(model.ItemFactors, storage, rescore);
            Check(exact, $"als {storage}{(rescore ? " rescored" : string.Empty)}", (u, f, r) => index.Top(u.Factors.Span, u.Items.Span, f, r), least);
        }
    }

    [RealDataFact]
    public void Rounded_weights_of_ease_recommend_what_exact_ones_do()
    {
        var train = Dataset.Load(RealData.Path("ml-1m/train.tsv"));
        using var model = EaseTrainer.Train(train, new EaseOptions { Regularization = 700 });
        var weights = model.Weights.Dense!;
        using var rounded = new BFloat16Matrix(weights);
        var exact = new Baseline(model);
        Check(exact, "ease float32", (u, f, r) => RowSumScorer.Top(weights, u.Items.Span, u.Weights.Span, f, r), 0.9999);
        Check(exact, "ease bfloat16", (u, f, r) => RowSumScorer.Top(rounded, u.Items.Span, u.Weights.Span, f, r), 0.99);
    }

    [RealDataTheory]
    [InlineData("ml-1m/train.tsv", 700, 20)]
    [InlineData("ml-1m/train.tsv", 700, 100)]
    [InlineData("citeulike-a/users.dat", 100, 20)]
    public void Rounded_weights_beside_exact_ones_give_the_lists_of_these_and_are_nearly_always_certain(string file, float regularization, int n)
    {
        var train = Dataset.Load(RealData.Path(file));
        using var model = EaseTrainer.Train(train, new EaseOptions { Regularization = regularization });
        using var rounded = new RoundedRows(model.Weights.Dense!);
        int certain = 0;
        var expected = new ScoredItem[n];
        var results = new ScoredItem[n];
        for (int u = 0; u < model.Users.Count; u++)
        {
            var user = model.GetUser(u);
            int count = model.Recommend(user, ItemFilter.Default, expected);
            if (rounded.TryTop(user.Items.Span, user.Weights.Span, ItemFilter.Default, results, out int found))
            {
                certain++;
                Assert.Equal(expected[..count], results[..found]);
            }
        }

        output.WriteLine($"{file}, top {n}: {certain} of {model.Users.Count} certain");
        Assert.InRange(certain, model.Users.Count * 95 / 100, model.Users.Count);
    }

    private void Check(Baseline exact, string what, Recommender recommend, double leastOverlap)
    {
        using var other = new Rerouted(exact.Model, recommend);
        var rounded = Evaluator.Evaluate(other, exact.Task, Baseline.Options);
        var results = new ScoredItem[20];
        int same = 0, asked = 0;
        foreach (var (user, expected) in exact.Best)
        {
            Assert.Equal(expected.Length, recommend(user, ItemFilter.Default, results));
            var right = expected.Select(r => r.Item).ToHashSet();
            same += results.Count(r => right.Contains(r.Item));
            asked += expected.Length;
        }

        double overlap = same / (double)asked;
        double recall = rounded["recall@20"] - exact.Result["recall@20"];
        double ndcg = rounded["ndcg@100"] - exact.Result["ndcg@100"];
        output.WriteLine(
            $"{what}: top-20 overlap {overlap:F5}, recall@20 {exact.Result["recall@20"]:F5} {recall:+0.00000;-0.00000}, "
            + $"ndcg@100 {exact.Result["ndcg@100"]:F5} {ndcg:+0.00000;-0.00000}");
        Assert.InRange(overlap, leastOverlap, 1);
        Assert.InRange(recall, -0.002, 0.002);
        Assert.InRange(ndcg, -0.001, 0.001);
    }

    /// <summary>What the model itself recommends, to test users and to some of those it was trained on.</summary>
    private sealed class Baseline
    {
        public Baseline(IRecommenderModel model)
        {
            Model = model;
            var foldIn = Dataset.Load(RealData.Path("ml-1m/test_foldin.tsv"));
            Task = EvaluationTask.Strong(model, foldIn, Dataset.Load(RealData.Path("ml-1m/test_heldout.tsv")));
            Result = Evaluator.Evaluate(model, Task, Options);
            for (int u = 0; u < model.Users.Count; u += 5)
            {
                var user = model.GetUser(u);
                var best = new ScoredItem[20];
                Assert.Equal(20, model.Recommend(user, ItemFilter.Default, best));
                Best.Add((user, best));
            }
        }

        public static EvaluationOptions Options { get; } =
            new() { Metrics = Metric.ParseList("recall@20,ndcg@100"), Resamples = 0 };

        public IRecommenderModel Model { get; }

        public EvaluationTask Task { get; }

        public EvaluationResult Result { get; }

        public List<(UserProfile User, ScoredItem[] Best)> Best { get; } = [];
    }

    /// <summary>A model with another way to find the best items.</summary>
    private sealed class Rerouted(IRecommenderModel inner, Recommender recommend) : IRecommenderModel
    {
        public string Algorithm => inner.Algorithm;

        public IdTable Users => inner.Users;

        public IdTable Items => inner.Items;

        public SparseMatrix Histories => inner.Histories;

        public UserProfile GetUser(int user) => inner.GetUser(user);

        public UserProfile FoldIn(ReadOnlySpan<int> items, ReadOnlySpan<float> weights) => inner.FoldIn(items, weights);

        public void Score(UserProfile user, Span<float> scores) => throw new NotSupportedException();

        public int Recommend(UserProfile user, ItemFilter filter, Span<ScoredItem> results) => recommend(user, filter, results);

        public int Similar(int item, bool opposite, ItemFilter filter, Span<ScoredItem> results) => throw new NotSupportedException();

        public Explanation Explain(UserProfile user, int item) => throw new NotSupportedException();

        public ModelContents ToContents() => throw new NotSupportedException();

        public void Dispose()
        {
        }
    }
}
