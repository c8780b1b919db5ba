using System.Globalization;
using Recsys.Engine;
using Recsys.Engine.Data;
using Recsys.Engine.Evaluation;
using Recsys.Engine.Models;

namespace Recsys.Benchmarks.Logistic;

/// <summary>A training set with held-out items, and the metrics of its published protocol.</summary>
internal sealed class RankingTask
{
    private readonly Func<IRecommenderModel, EvaluationTask> _task;
    private readonly string _metrics;

    private RankingTask(Dataset data, Func<IRecommenderModel, EvaluationTask> task, string metrics)
    {
        Data = data;
        _task = task;
        _metrics = metrics;
    }

    public Dataset Data { get; }

    /// <summary>Loads ml-1m (its validation users), ml-1m-test, gowalla-val (a fifth of every fourth training history held out) or gowalla.</summary>
    public static RankingTask Load(string name) => name switch
    {
        "ml-1m" => Strong("val"),
        "ml-1m-test" => Strong("test"),
        "gowalla-val" => Validation(Dataset.Load(RealData.Path("gowalla/train.txt"))),
        "gowalla" => Weak(Dataset.Load(RealData.Path("gowalla/train.txt")), Dataset.Load(RealData.Path("gowalla/test.txt"))),
        _ => throw new InvalidOptionException($"unknown data set {name}; there are ml-1m, ml-1m-test, gowalla-val, gowalla"),
    };

    public EvaluationResult Evaluate(IRecommenderModel model) =>
        Evaluator.Evaluate(model, _task(model), new EvaluationOptions { Metrics = Metric.ParseList(_metrics), Resamples = 0 });

    public string Text(EvaluationResult result) =>
        string.Join("  ", result.Metrics.Select(m => string.Create(CultureInfo.InvariantCulture, $"{m.Metric} {m.Value:F4}")));

    private static RankingTask Strong(string part)
    {
        var train = Dataset.Load(RealData.Path("ml-1m/train.tsv"));
        var foldIn = Dataset.Load(RealData.Path($"ml-1m/{part}_foldin.tsv"));
        var heldOut = Dataset.Load(RealData.Path($"ml-1m/{part}_heldout.tsv"));
        return new RankingTask(train, m => EvaluationTask.Strong(m, foldIn, heldOut), "recall@20,recall@50,ndcg@100");
    }

    private static RankingTask Weak(Dataset train, Dataset heldOut) =>
        new(train, m => EvaluationTask.Weak(m, heldOut), "recall_full@20,ndcg@20");

    private static RankingTask Validation(Dataset all)
    {
        var random = new Random(1);
        var held = new List<int>();
        var kept = new List<int>();
        var heldOffsets = new long[all.Users.Count + 1];
        var keptOffsets = new long[all.Users.Count + 1];
        for (int u = 0; u < all.Users.Count; u++)
        {
            int[] items = all.Interactions.Row(u).ToArray();
            random.Shuffle(items);
            int heldOut = u % 4 == 0 ? items.Length / 5 : 0;
            held.AddRange(items[..heldOut].Order());
            kept.AddRange(items[heldOut..].Order());
            heldOffsets[u + 1] = held.Count;
            keptOffsets[u + 1] = kept.Count;
        }

        SparseMatrix Matrix(long[] offsets, List<int> columns) => new(all.Users.Count, all.Items.Count, offsets, [.. columns]);
        return Weak(all with { Interactions = Matrix(keptOffsets, kept) }, all with { Interactions = Matrix(heldOffsets, held) });
    }
}
