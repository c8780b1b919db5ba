using System.Globalization;
using Recsys.Engine.Als;
using Recsys.Engine.Data;
using Recsys.Engine.Evaluation;

namespace Recsys.Benchmarks.Als;

/// <summary>A real data set with its published split: where <see cref="RealData"/> finds it.</summary>
internal sealed class AlsBenchmarkData(string name, Dataset train, Dataset? foldIn, Dataset heldOut)
{
    public string Name => name;

    public Dataset Train => train;

    public static AlsBenchmarkData Load(string name)
    {
        string folder = RealData.Path(name);
        return name == "gowalla"
            ? new AlsBenchmarkData(
                name, Read(Path.Combine(folder, "train.txt")), null, Read(Path.Combine(folder, "test.txt")))
            : new AlsBenchmarkData(
                name,
                Read(Path.Combine(folder, "train.tsv")),
                Read(Path.Combine(folder, "test_foldin.tsv")),
                Read(Path.Combine(folder, "test_heldout.tsv")));
    }

    public double Ndcg100(AlsModel model) => Evaluate(model, "ndcg@100").Metrics[0].Value;

    public string Quality(AlsModel model)
    {
        var result = Evaluate(model, foldIn is null ? "recall_full@20,ndcg@20" : "ndcg@100,recall@20,recall@50");
        return string.Join(' ', result.Metrics.Select(m => string.Create(CultureInfo.InvariantCulture, $"{m.Metric} {m.Value:F4}")));
    }

    private static Dataset Read(string path) => Dataset.Load(path, ReadOptions.Default with { AllowEmpty = true });

    private EvaluationResult Evaluate(AlsModel model, string metrics) => Evaluator.Evaluate(
        model,
        foldIn is null ? EvaluationTask.Weak(model, heldOut) : EvaluationTask.Strong(model, foldIn, heldOut),
        new EvaluationOptions { Metrics = Metric.ParseList(metrics), Resamples = 0 });
}
