using Recsys.Engine.Compute;
using Recsys.Engine.Evaluation;

namespace Recsys.Engine.Tests.Evaluation;

public sealed class EvaluatorRunTests
{
    private const int UserCount = 1000;

    private static readonly EvaluationTask Task = EvaluationTask.Weak(
        [.. Enumerable.Range(0, UserCount)], Matrices.Of(3, [.. Enumerable.Range(0, UserCount).Select(_ => new[] { 1 })]));

    [Fact]
    public void Progress_rises_to_the_number_of_users()
    {
        using var model = Model(() => { });
        var reports = new Recorder();
        Evaluator.Evaluate(model, Task, new EvaluationOptions { Threads = 3 }, reports);
        Assert.Equal(UserCount, reports.Seen[^1].Done);
        Assert.All(reports.Seen, r => Assert.Equal(("evaluate", (long)UserCount), (r.Phase, r.Total)));
        Assert.Equal(reports.Seen.Select(r => r.Done).Order(), reports.Seen.Select(r => r.Done));
    }

    [Fact]
    public void Cancelling_stops_it()
    {
        using var source = new CancellationTokenSource();
        int asked = 0;
        using var model = Model(() =>
        {
            if (Interlocked.Increment(ref asked) == 5)
            {
                source.Cancel();
            }
        });
        Assert.Throws<OperationCanceledException>(
            () => Evaluator.Evaluate(model, Task, new EvaluationOptions { Threads = 2 }, null, source.Token));
        Assert.InRange(asked, 5, 10);
    }

    [Fact]
    public void A_pool_of_the_caller_is_used_and_left_alive()
    {
        using var pool = new ComputePool(2);
        using var model = Model(() => { });
        var first = Evaluator.Evaluate(model, Task, new EvaluationOptions(), pool);
        var second = Evaluator.Evaluate(model, Task, new EvaluationOptions(), pool);
        Assert.Equal(first.Metrics, second.Metrics);
    }

    [Theory]
    [InlineData(-1, 0.95, 0)]
    [InlineData(19, 0.95, 0)]
    [InlineData(100, 0, 0)]
    [InlineData(100, 1, 0)]
    [InlineData(100, double.NaN, 0)]
    [InlineData(100, 0.9, -1)]
    public void Options_out_of_range_are_refused(int resamples, double confidence, int threads)
    {
        using var model = Model(() => { });
        var options = new EvaluationOptions { Resamples = resamples, Confidence = confidence, Threads = threads };
        Assert.Throws<InvalidOptionException>(() => Evaluator.Evaluate(model, Task, options));
    }

    [Fact]
    public void Metrics_and_curves_out_of_range_are_refused()
    {
        Assert.Throws<InvalidOptionException>(() => new EvaluationOptions { Metrics = [] }.Validate());
        Assert.Throws<InvalidOptionException>(() => new EvaluationOptions { Metrics = [new Metric(MetricKind.Ndcg, 0)] }.Validate());
        Assert.Throws<InvalidOptionException>(() => new EvaluationOptions { CurveCutoffs = [5, 0] }.Validate());
    }

    [Fact]
    public void Without_resamples_there_are_no_intervals()
    {
        using var model = Model(() => { });
        var result = Evaluator.Evaluate(model, Task, new EvaluationOptions { Resamples = 0 });
        Assert.All(result.Metrics.Concat(result.Bands.SelectMany(b => b.Metrics)), m => Assert.Null(m.Confidence));
    }

    [Fact]
    public void Asking_for_what_was_not_measured_is_an_error()
    {
        using var model = Model(() => { });
        var result = Evaluator.Evaluate(model, Task, new EvaluationOptions { Metrics = Metric.ParseList("recall@2,coverage@2") });
        Assert.Throws<InvalidOptionException>(() => result["recall@3"]);
        Assert.Throws<InvalidOptionException>(() => result.Bands[0][Metric.Parse("coverage@2")]);
        Assert.Throws<InvalidOptionException>(() => { _ = result.PerUser(Metric.Parse("coverage@2")); });
    }

    private static FakeModel Model(Action asked) => new(
        Matrices.Of(3, [.. Enumerable.Range(0, UserCount).Select(u => new[] { u % 2 == 0 ? 0 : 2 })]),
        _ =>
        {
            asked();
            return [1, 3, 2];
        });

    /// <summary>Keeps reports at once: <see cref="Progress{T}"/> would pass them on later and in any order.</summary>
    private sealed class Recorder : IProgress<TrainingProgress>
    {
        public List<TrainingProgress> Seen { get; } = [];

        public void Report(TrainingProgress value) => Seen.Add(value);
    }
}
