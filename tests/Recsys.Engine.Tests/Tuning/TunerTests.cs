using Recsys.Engine.Data.Synthetic;
using Recsys.Engine.Models;
using Recsys.Engine.Tuning;
using static Recsys.Engine.Tests.Tuning.TuningTestData;

namespace Recsys.Engine.Tests.Tuning;

public sealed class TunerTests
{
    [Fact]
    public void The_same_seed_tries_the_same_and_finds_the_same_whatever_the_threads()
    {
        var first = Tuner.Run(Weak, [AlsSearch(("threads", "1")), Search("ease", ("threads", "1"))], Options with { Threads = 1 });
        var second = Tuner.Run(Weak, [AlsSearch(("threads", "3")), Search("ease", ("threads", "3"))], Options with { Threads = 3 });
        Assert.Equal(Told(first), Told(second).Select(t => t.Replace("--threads 3", "--threads 1", StringComparison.Ordinal)));
        Assert.Equal(TuningEnd.Finished, first.End);
    }

    [Fact]
    public void Another_seed_tries_others()
    {
        var first = Tuner.Run(Weak, [AlsSearch()], Options);
        var second = Tuner.Run(Weak, [AlsSearch()], Options with { Seed = 43 });
        Assert.NotEqual(Told(first), Told(second));
    }

    [Fact]
    public void The_defaults_are_tried_first_so_that_the_best_is_never_behind_them_on_validation()
    {
        var result = Tuner.Run(Weak, [Search("ease")], Options);
        string lambda = Algorithms.Get("ease").Complete(Weak.Train, OptionBag.Empty).Text("regularization")!;
        Assert.Equal(lambda, result.Trials[0].Options["regularization"]);
        Assert.True(result.Best!.Value >= result.Trials[0].Value);
        Assert.Equal(result.Trials.Max(t => t.Value), result.Best.Value);
    }

    [Fact]
    public void One_in_three_configurations_of_a_wave_goes_on_to_more_iterations_the_best_ones()
    {
        var result = Tuner.Run(Weak, [AlsSearch()], Options with { Trials = 12 });
        var early = result.Trials.Where(t => t.Rung == 0).ToList();
        var late = result.Trials.Where(t => t.Rung == 1).ToList();
        Assert.Equal(12, early.Count);
        Assert.All(early, t => Assert.Equal("2", t.Options["iterations"]));
        Assert.All(late, t => Assert.Equal("6", t.Options["iterations"]));
        Assert.Equal(
            early.OrderByDescending(t => t.Value).Take(4).Select(t => t.Number).Order(), late.Select(t => t.Number).Order());
    }

    [Fact]
    public void Every_value_is_what_training_and_measuring_by_oneself_gives()
    {
        foreach (var data in new[] { Weak, Strong })
        {
            var result = Tuner.Run(data, [AlsSearch(), Search("ease"), Search("popularity")], Options with { Trials = 4 });
            foreach (var trial in result.Trials)
            {
                using var model = Algorithms.Get(trial.Model).Train(data.Train, new OptionBag(trial.Options));
                var task = data.FoldIn is null
                    ? Engine.Evaluation.EvaluationTask.Weak(model, data.HeldOut)
                    : Engine.Evaluation.EvaluationTask.Strong(model, data.FoldIn, data.HeldOut);
                var alone = Engine.Evaluation.Evaluator.Evaluate(
                    model, task, new Engine.Evaluation.EvaluationOptions { Resamples = 0, UnknownAsMisses = true });
                Assert.Equal(alone["ndcg@100"], trial.Value);
            }
        }
    }

    [Fact]
    public void A_span_given_is_kept_to_a_value_given_stays_and_a_list_is_chosen_from()
    {
        var result = Tuner.Run(Weak, [AlsSearch(("alpha", "3..4"), ("regularization", "30"))], Options);
        Assert.All(result.Trials, t =>
        {
            Assert.InRange(double.Parse(t.Options["alpha"], System.Globalization.CultureInfo.InvariantCulture), 3, 4);
            Assert.Equal("30", t.Options["regularization"]);
            Assert.Contains(t.Options["factors"], (string[])["4", "8"]);
        });
    }

    [Fact]
    public void The_best_of_several_models_is_the_one_with_the_highest_value()
    {
        var result = Tuner.Run(Weak, [Search("popularity"), Search("ease"), AlsSearch()], Options);
        Assert.Equal(["popularity", "ease", "als"], result.BestOfEach.Select(t => t.Model));
        Assert.Equal(result.BestOfEach.MaxBy(t => t.Value), result.Best);
        Assert.NotEqual("popularity", result.Best!.Model);
    }

    [Fact]
    public void A_trial_that_fails_is_told_and_the_search_goes_on()
    {
        // λ = 0 leaves the systems of rows with fewer interactions than factors singular.
        var result = Tuner.Run(Weak, [Search("als", ("factors", "8"), ("alpha", "0"), ("regularization", "0,1"), ("regularization-exponent", "0"), ("iterations", "3"))], Options);
        Assert.Contains(result.Trials, t => t.Error is not null || t.Options["regularization"] == "1");
        Assert.Equal("1", result.Best!.Options["regularization"]);
    }

    [Fact]
    public void Time_is_kept_to_and_the_best_so_far_is_given()
    {
        // Ten trials would take all of it; what they take is known after the first, and the last would end too late.
        var clock = new HandClock();
        var result = Tuner.Run(Weak, [Sleeper(clock)], Options with { Budget = TimeSpan.FromSeconds(1), Clock = clock });
        Assert.Equal(TuningEnd.OutOfTime, result.End);
        Assert.Equal(9, result.Trials.Count);
        Assert.Equal(0.9, clock.Now.TotalSeconds, 9);
        Assert.NotNull(result.Best);
    }

    [Fact]
    public void A_trial_that_would_outlast_the_time_is_broken_off()
    {
        var result = Tuner.Run(Weak, [Sleeper(null)], Options with { Budget = TimeSpan.FromMilliseconds(30) });
        Assert.Equal(TuningEnd.OutOfTime, result.End);
        Assert.Empty(result.Trials);
    }

    [Fact]
    public void Time_is_left_for_the_last_training()
    {
        // Twelve times the users: twelve times a trial's 0.1 s, and 15 % more to be sure; 1.12 s are left for trials.
        var clock = new HandClock();
        var last = SyntheticCatalogue.Create(new SyntheticOptions { Users = 3600, Items = 120, MedianHistory = 5 }).Data;
        var result = Tuner.Run(Weak, [Sleeper(clock)], Options with { Budget = TimeSpan.FromSeconds(2.5), LastTraining = last, Clock = clock });
        Assert.Equal(TuningEnd.OutOfTime, result.End);
        Assert.Equal(1.2, result.LastTrainingSeconds, 9);
        Assert.Equal(1.1, result.Seconds, 9);
    }

    [Fact]
    public void Several_models_share_the_time()
    {
        var clock = new HandClock();
        var result = Tuner.Run(
            Weak, [Sleeper(clock), Search("ease")], Options with { Budget = TimeSpan.FromSeconds(1), Clock = clock });
        Assert.InRange(result.Trials.Count(t => t.Model == "sleeper"), 4, 5);
        Assert.Contains(result.Trials, t => t.Model == "ease");
    }

    [Fact]
    public void A_model_whose_last_training_has_no_time_left_is_not_chosen_while_there_is_another()
    {
        var clock = new HandClock();
        var last = SyntheticCatalogue.Create(new SyntheticOptions { Users = 9000, Items = 120, MedianHistory = 3 }).Data;
        var options = Options with { Budget = TimeSpan.FromSeconds(2), LastTraining = last, Clock = clock };
        var both = Tuner.Run(Weak, [Sleeper(clock), Search("popularity")], options);
        Assert.Equal("popularity", both.Best!.Model);
        Assert.StartsWith("sleeper: its last training takes about 3 s", Assert.Single(both.LeftOut), StringComparison.Ordinal);
        var alone = Tuner.Run(Weak, [Sleeper(clock)], options);
        Assert.Equal("sleeper", alone.Best!.Model);
        Assert.Empty(alone.LeftOut);
    }

    [Fact]
    public void Being_cancelled_ends_it_with_what_was_found()
    {
        using var source = new CancellationTokenSource();
        int done = 0;
        var progress = new Listener(p =>
        {
            if (p.Done && ++done == 5)
            {
                source.Cancel();
            }
        });
        var result = Tuner.Run(Weak, [AlsSearch()], Options, null, progress, source.Token);
        Assert.Equal(TuningEnd.Cancelled, result.End);
        Assert.Equal(5, result.Trials.Count);
        Assert.NotNull(result.Best);
    }

    [Theory]
    [InlineData("als", "alpha", "-5..5", "alpha: -5; expected a number ≥ 0")]
    [InlineData("als", "factors", "64,many", "--factors: expected a whole number, found 'many'")]
    [InlineData("als", "iterations", "0..10", "--iterations: expected whole numbers from 1, found '0..10'")]
    [InlineData("als", "solver", "cg,qr", "--solver: expected one of cholesky, cg, subspace, found 'qr'")]
    [InlineData("ease", "regularization", "0..10", "regularization must be a positive number for EASE, not 0")]
    [InlineData("ease", "alpha", "1..10", "ease does not take --alpha")]
    [InlineData("lmf", "learning-rate", "0..1", "learning rate")]
    [InlineData("lmf", "negatives", "uniform,magic", "magic")]
    public void A_range_that_the_model_cannot_serve_is_refused_before_anything_is_trained(string model, string option, string text, string says)
    {
        var thrown = Assert.Throws<InvalidOptionException>(() => Tuner.Run(Weak, [Search(model, (option, text))], Options));
        Assert.Contains(says, thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Metrics_that_are_no_accuracy_and_empty_searches_are_refused()
    {
        Assert.Throws<InvalidOptionException>(() => (Options with { Metric = Engine.Evaluation.Metric.Parse("gini@20") }).Validate());
        Assert.Throws<InvalidOptionException>(() => (Options with { Trials = 0 }).Validate());
        Assert.Throws<InvalidOptionException>(() => (Options with { Budget = TimeSpan.Zero }).Validate());
    }

    private static ModelSearch Sleeper(HandClock? clock) => ModelSearch.Create(new SleepingAlgorithm(clock), OptionBag.Empty);

    private sealed class Listener(Action<TuningProgress> report) : IProgress<TuningProgress>
    {
        public void Report(TuningProgress value) => report(value);
    }
}
