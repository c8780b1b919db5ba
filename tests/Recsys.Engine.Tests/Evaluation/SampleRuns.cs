using System.Text.Json.Nodes;
using Recsys.Engine.Evaluation;

namespace Recsys.Engine.Tests.Evaluation;

/// <summary>Evaluations of a made-up model on made-up data with a long tail: something to write and to draw.</summary>
internal static class SampleRuns
{
    public static EvaluationRun One(string model, double skill = 0.5, int users = 60, int items = 50, string? metrics = null)
    {
        var random = new Random(5);
        int[] Draw(int count) =>
            [.. Enumerable.Range(0, count).Select(_ => (int)(items * Math.Pow(random.NextDouble(), 2.5))).Distinct()];
        var training = Enumerable.Range(0, users).Select(_ => Draw(8)).ToArray();
        var held = training.Select(t => Draw(5).Except(t).ToArray()).ToArray();
        var fake = new FakeModel(Matrices.Of(items, training), u =>
        {
            var noise = new Random(u + 1);
            return [.. Enumerable.Range(0, items).Select(i => (float)((noise.NextDouble() * 4) - (i * 6.0 / items) + (held[u].Contains(i) ? skill * 4 : 0)))];
        })
        { Algorithm = model };
        var result = Evaluator.Evaluate(
            fake,
            EvaluationTask.Weak([.. Enumerable.Range(0, users)], Matrices.Of(items, held)),
            new EvaluationOptions
            {
                Metrics = Metric.ParseList(metrics ?? "recall@5,ndcg@10,recall_full@5,hit_rate@5,coverage@5,novelty@5,gini@5"),
                CurveCutoffs = [1, 2, 5, 10, 20, 50],
                Resamples = 200,
            });
        return new EvaluationRun("sample", model, new JsonObject { ["factors"] = 16, ["alpha"] = 1.5 }, result);
    }
}
