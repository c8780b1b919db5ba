using Recsys.Engine.Blending;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Ease;
using Recsys.Engine.Evaluation;
using Recsys.Engine.Models;
using Recsys.Engine.Tests.Evaluation;
using Recsys.Engine.Tests.Logistic;

namespace Recsys.Engine.Tests.Blending;

public sealed class BlendFitTests
{
    private const int Items = 60;
    private const int Users = 200;

    [Fact]
    public void The_objective_is_what_an_evaluation_of_the_blend_measures()
    {
        var data = BlendTestData.Data;
        using var blend = BlendTestData.Make(data);
        var split = Splitter.Split(PlantedTastes.Make(seed: 9).ToLog(), new SplitOptions { ValidationUsers = 0, TestUsers = 60 });
        var task = EvaluationTask.Strong(blend, Named(split.Test, split.Train, split.Test.FoldIn), Named(split.Test, split.Train, split.Test.HeldOut));
        using var pool = new ComputePool(2);
        foreach (string name in new[] { "ndcg@10", "recall@5", "map@20" })
        {
            var metric = Metric.Parse(name);
            var scores = new ValidationScores(task, blend, metric, blend.Members.Count, 1, pool);
            for (int m = blend.Members.Count - 1; m >= 0; m--)
            {
                scores.Add(m, blend.Members[m].Model, CancellationToken.None);
            }

            var samples = scores.ToSamples();
            var objective = new BlendObjective(samples, metric, pool);
            double found = objective.Mean(
                [.. Enumerable.Range(0, samples.Count)],
                u => Array.ConvertAll(blend.Weights.Of(blend.Weights.BandOf(samples[u].HistoryLength)).ToArray(), w => (double)w));
            var expected = Evaluator.Evaluate(blend, task, new EvaluationOptions { Metrics = [metric], Resamples = 0 });
            Assert.Equal(expected[metric], found, 1e-9);
        }
    }

    [Fact]
    public void Weights_prefer_the_better_model_and_drop_noise()
    {
        var fit = FitPlanted(new BlendOptions { Bands = 1, Metric = Metric.Parse("ndcg@20") }, signed: false);
        var weights = fit.Weights.Of(0);
        Assert.True(weights[0] > 0.6f, $"{weights[0]}");
        Assert.True(weights[0] > 2 * weights[1] && weights[1] > weights[2], $"{weights[0]} {weights[1]} {weights[2]}");
        Assert.True(fit.Value > fit.MemberValues[0] && fit.MemberValues[0] > fit.MemberValues[1]);
        Assert.Equal(1, weights.ToArray().Sum(Math.Abs), 1e-5);
    }

    [Fact]
    public void A_model_that_says_the_opposite_gets_a_negative_weight_only_where_signs_are_allowed()
    {
        var options = new BlendOptions { Bands = 1, Metric = Metric.Parse("ndcg@20") };
        var signed = FitPlanted(options, signed: true, reverse: true).Weights.Of(0);
        Assert.True(signed[1] < -0.05f, $"{signed[1]}");
        var positive = FitPlanted(options, signed: false, reverse: true).Weights.Of(0);
        Assert.True(positive.ToArray().All(w => w >= 0));
    }

    [Fact]
    public void Bands_get_the_weights_that_serve_their_users()
    {
        // model 0 knows short histories only, model 1 long ones only
        var fit = FitPlanted(new BlendOptions { Bands = 2, Metric = Metric.Parse("ndcg@20") }, signed: false, byLength: true);
        Assert.Equal(2, fit.Weights.Bands);
        Assert.True(fit.BandShare > 0);
        Assert.True(fit.Weights.Of(0)[0] > fit.Weights.Of(0)[1]);
        Assert.True(fit.Weights.Of(1)[1] > fit.Weights.Of(1)[0]);
    }

    [Fact]
    public void Band_limits_are_quantiles_and_empty_bands_are_left_out()
    {
        ValidationSample[] samples = [.. new[] { 5, 1, 2, 9, 7, 3 }.Select(Sample)];
        Assert.Equal([0, 3, 7], BlendFitter.BandStarts(samples, 3));
        Assert.Equal([0], BlendFitter.BandStarts(samples, 1));
        Assert.Equal([0], BlendFitter.BandStarts([.. Enumerable.Repeat(4, 9).Select(Sample)], 3));
        Assert.Equal([0, 6], BlendFitter.BandStarts([.. new[] { 4, 4, 4, 4, 6, 6 }.Select(Sample)], 3));

        static ValidationSample Sample(int length) => new(length, [], 0, [], 1);
    }

    [Fact]
    public void The_search_finds_the_top_of_a_smooth_hill_to_within_its_shortest_step()
    {
        double[] top = [0.5, 0.3, -0.2];
        double Height(double[] w) => -w.Zip(top, (a, b) => (a - b) * (a - b)).Sum();
        var found = WeightSearch.From(3, Height, signed: true);
        Assert.All(found.Zip(top), p => Assert.Equal(p.Second, p.First, 0.06));
        var positive = WeightSearch.From(3, Height, signed: false);
        Assert.Equal(0, positive[2]);
        Assert.Equal(1, found.Sum(Math.Abs), 1e-9);
        Assert.Equal([0.5, -0.5], WeightSearch.Normalized([2, -2]));
    }

    [Theory]
    [InlineData(BlendProtocol.Strong)]
    [InlineData(BlendProtocol.Weak)]
    public void Training_is_the_same_for_any_number_of_threads(BlendProtocol protocol)
    {
        var data = BlendTestData.Data;
        var options = new BlendOptions
        {
            Members = ModelSpec.ParseList(BlendTestData.SmallMembers),
            Protocol = protocol,
            ValidationUsers = 0.3,
            HeldOutShare = 0.2,
            Metric = Metric.Parse("ndcg@20"),
        };
        using var one = BlendTrainer.Train(data, options with { Threads = 1 });
        using var many = BlendTrainer.Train(data, options with { Threads = 3 });
        Assert.Equal(one.Weights.Starts.ToArray(), many.Weights.Starts.ToArray());
        for (int b = 0; b < one.Weights.Bands; b++)
        {
            Assert.Equal(one.Weights.Of(b).ToArray(), many.Weights.Of(b).ToArray());
        }

        Assert.Equal(data.Interactions.Count, one.Histories.Count);
        var facts = one.ToContents().Facts;
        Assert.True(facts.Metrics["validation ndcg@20"] > 0);
        Assert.Contains("validation ndcg@20 of ease", facts.Metrics.Keys);
    }

    [Theory]
    [InlineData(BlendProtocol.Strong)]
    [InlineData(BlendProtocol.Weak)]
    public void Ease_trained_once_tells_of_users_left_out_what_a_second_training_would(BlendProtocol protocol)
    {
        var data = BlendTestData.Data;
        var options = new BlendOptions { Members = ModelSpec.ParseList("ease:regularization=20"), Protocol = protocol, ValidationUsers = 1, HeldOutShare = 0.3 };
        var split = Splitter.Split(data.ToLog(), SplitFit.OptionsOf(data, options));
        using var whole = EaseTrainer.Train(data, new EaseOptions { Regularization = 20 });
        var leftOut = new LeftOutScores(whole, split);
        var scores = new float[split.Train.Items.Count];
        int user = Assert.Single(Enumerable.Range(0, split.Test.Users.Count), u => split.Test.HeldOut.RowLength(u) > 0);
        leftOut.Score(user, scores);
        Assert.True(EaseLeaveOut.Applies(whole));

        // the one user of whom something is kept out is the one left out: the very same training data
        using var without = EaseTrainer.Train(split.Train, new EaseOptions { Regularization = 20 });
        var expected = new float[split.Train.Items.Count];
        without.Score(without.FoldIn(split.Test.FoldIn.Row(user), split.Test.FoldIn.RowValues(user)), expected);
        Assert.All(scores.Zip(expected), p => Assert.Equal(p.Second, p.First, 2e-4));

        using var blend = BlendTrainer.Train(data, options);
        Assert.True(blend.ToContents().Facts.Metrics["validation users"] >= 1);
    }

    [Fact]
    public void Without_refit_the_members_stay_as_they_were_when_the_weights_were_fitted()
    {
        var data = BlendTestData.Data;
        var options = new BlendOptions { Members = ModelSpec.ParseList("ease:regularization=20;popularity"), ValidationUsers = 50, Refit = false };
        using var blend = BlendTrainer.Train(data, options);
        Assert.Equal(data.Users.Count - 50, blend.Users.Count);
    }

    [Theory]
    [InlineData("members", "als;blend")]
    [InlineData("members", "als:wings=2")]
    [InlineData("members", "als:factors=none")]
    [InlineData("bands", "0")]
    [InlineData("weights-metric", "coverage@20")]
    [InlineData("validation-users", "-1")]
    [InlineData("held-out-share", "1")]
    public void Wrong_options_are_refused_before_anything_is_trained(string name, string value)
    {
        var algorithm = Algorithms.Get("blend");
        var bag = OptionBag.Empty.With(name, value);
        Assert.Throws<InvalidOptionException>(() => algorithm.Train(BlendTestData.Data, bag, new Silent()));
    }

    /// <summary>
    /// Users want ten items each. Model 0 sees them through little noise, model 1 through much, model 2 not at all.
    /// </summary>
    private static BlendFit FitPlanted(BlendOptions options, bool signed, bool reverse = false, bool byLength = false)
    {
        var random = new Random(5);
        var wanted = Enumerable.Range(0, Users).Select(_ => Enumerable.Range(0, Items).OrderBy(_ => random.Next()).Take(10).ToHashSet()).ToArray();
        bool Long(int u) => u % 2 == 1;
        float[] See(int u, double signal) =>
            [.. Enumerable.Range(0, Items).Select(i => (float)((wanted[u].Contains(i) ? signal : 0) + random.NextDouble()))];
        float[][][] scores =
        [
            [.. Enumerable.Range(0, Users).Select(u => See(u, byLength && Long(u) ? 0 : 0.8))],
            [.. Enumerable.Range(0, Users).Select(u => See(u, byLength ? Long(u) ? 0.8 : 0 : reverse ? -0.5 : 0.35))],
            [.. Enumerable.Range(0, Users).Select(u => See(u, 0))],
        ];
        var held = Matrices.Of(Items, [.. wanted.Select(w => w.Where(i => i >= 4).ToArray())]);
        var histories = Matrices.Of(Items, [.. Enumerable.Range(0, Users).Select(u => Long(u) ? new[] { 0, 1, 2 } : [0])]);
        using var pool = new ComputePool(1);
        var reference = new FakeModel(histories, u => scores[0][u]);
        var gathered = new ValidationScores(EvaluationTask.Weak([.. Enumerable.Range(0, Users)], held), reference, options.Metric, 3, 1, pool);
        for (int m = 0; m < scores.Length; m++)
        {
            float[][] model = scores[m];
            gathered.Add(m, new FakeModel(histories, u => model[u]), CancellationToken.None);
        }

        return BlendFitter.Fit(gathered.ToSamples(), 3, options with { Signed = signed }, pool, null, CancellationToken.None);
    }

    private static Dataset Named(HeldOutPart part, Dataset train, SparseMatrix matrix) => new(part.Users, train.Items, matrix);

    private sealed class Silent : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => Assert.Fail($"{value.Phase} has begun");
    }
}
