using System.Globalization;
using Recsys.Engine.Data;
using Recsys.Engine.Evaluation;
using Recsys.Engine.Models;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Tests.Evaluation;

/// <summary>
/// The two protocols against figures that others got for plain popularity on the same splits: if history were not
/// excluded, a denominator were another or an average went over other users, they would not agree.
/// </summary>
public sealed class PopularityOnRealDataTests
{
    [RealDataFact]
    public void Strong_split_of_ml_1m()
    {
        var train = Pairs("ml-1m/train.tsv", 3502);
        using var model = new Popularity(train.Matrix);
        var result = Evaluator.Evaluate(
            model,
            EvaluationTask.Strong(Pairs("ml-1m/test_foldin.tsv", 3502).Matrix, Pairs("ml-1m/test_heldout.tsv", 3502).Matrix),
            new EvaluationOptions());
        Assert.Equal(500, result.Users);
        Assert.Equal(0.1727, result["recall@20"], 0.0005);
        Assert.Equal(0.2413, result["recall@50"], 0.0005);
        Assert.Equal(0.2190, result["ndcg@100"], 0.0005);
        var interval = result.Metrics.First(m => m.Metric == Metric.Parse("ndcg@100")).Confidence!.Value;
        Assert.InRange(interval.High - interval.Low, 0.02, 0.05);
    }

    [RealDataFact]
    public void Weak_split_of_gowalla()
    {
        var train = Lists("gowalla/train.txt", 29858, 40981);
        var test = Lists("gowalla/test.txt", 29858, 40981);
        using var model = new Popularity(train);
        var result = Evaluator.Evaluate(
            model,
            EvaluationTask.Weak([.. Enumerable.Range(0, 29858)], test),
            new EvaluationOptions { Metrics = Metric.ParseList("recall_full@20,ndcg@20") });
        Assert.Equal(29858, result.Users);
        Assert.Equal(217_242, result.HeldOut);
        Assert.Equal(0.0416, result["recall_full@20"], 0.0003);
        Assert.Equal(0.0317, result["ndcg@20"], 0.0003);
    }

    private static (int[] Users, SparseMatrix Matrix) Pairs(string file, int items)
    {
        var rows = new SortedDictionary<int, List<int>>();
        foreach (string line in File.ReadLines(RealData.Path(file)))
        {
            string[] parts = line.Split('\t');
            if (int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int user))
            {
                (rows.TryGetValue(user, out var row) ? row : rows[user] = []).Add(int.Parse(parts[1], CultureInfo.InvariantCulture));
            }
        }

        return ([.. rows.Keys], Matrices.Of(items, [.. rows.Values.Select(r => r.ToArray())]));
    }

    private static SparseMatrix Lists(string file, int users, int items)
    {
        var rows = new int[users][];
        Array.Fill(rows, []);
        foreach (string line in File.ReadLines(RealData.Path(file)))
        {
            int[] numbers = [.. line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(n => int.Parse(n, CultureInfo.InvariantCulture))];
            rows[numbers[0]] = [.. numbers.Skip(1).Distinct()];
        }

        return Matrices.Of(items, rows);
    }

    /// <summary>Items by their number of training interactions.</summary>
    private sealed class Popularity : IRecommenderModel
    {
        private readonly ScoredItem[] _order;

        public Popularity(SparseMatrix histories)
        {
            Histories = histories;
            Users = IdTable.Sequential(histories.Rows);
            Items = IdTable.Sequential(histories.Columns);
            var bands = PopularityBands.Of(histories);
            _order =
            [
                .. Enumerable.Range(0, histories.Columns).Select(i => new ScoredItem(i, bands.Popularity(i))).OrderByDescending(s => s.Score).ThenBy(s => s.Item),
            ];
        }

        public string Algorithm => "popularity";

        public IdTable Users { get; }

        public IdTable Items { get; }

        public SparseMatrix Histories { get; }

        public UserProfile GetUser(int user) => FoldIn(Histories.Row(user), default);

        public UserProfile FoldIn(ReadOnlySpan<int> items, ReadOnlySpan<float> weights) => new(items.ToArray(), default, default);

        public int Recommend(UserProfile user, ItemFilter filter, Span<ScoredItem> results)
        {
            int count = 0;
            for (int o = 0; o < _order.Length && count < results.Length; o++)
            {
                if (user.Items.Span.BinarySearch(_order[o].Item) < 0)
                {
                    results[count++] = _order[o];
                }
            }

            return count;
        }

        public void Score(UserProfile user, Span<float> scores) => throw new NotSupportedException();

        public int Similar(int item, bool opposite, ItemFilter filter, Span<ScoredItem> results) => throw new NotSupportedException();

        public Explanation Explain(UserProfile user, int item) => throw new NotSupportedException();

        public ModelContents ToContents() => throw new NotSupportedException();

        public void Dispose()
        {
        }
    }
}
