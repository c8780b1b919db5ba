using System.Diagnostics;
using System.Globalization;
using Recsys.Engine.ColdStart;
using Recsys.Engine.Data;
using Recsys.Engine.Evaluation;
using Recsys.Engine.Models;
using Recsys.Engine.Serving;

namespace Recsys.Benchmarks.ColdStart;

/// <summary>
/// What questions to new users are worth. Each held-out user answers questions from the fold-in history: an item of it is
/// liked, any other is not known. The likes are folded in, and the held-out items are looked for among all items but the
/// fold-in history's, which is the protocol of the evaluation with less history.
/// </summary>
internal sealed class OnboardingBenchmark : IBenchmark
{
    private const int Longest = 100;

    public string Name => "onboarding";

    public string Summary => "ndcg@100 of new users after chosen, popular and random questions";

    public string Usage => "FOLDER [--part test]  (train.tsv, PART_foldin.tsv and PART_heldout.tsv in it)";

    public int Run(string[] args)
    {
        if (args.Length is not (1 or 3) || (args.Length == 3 && args[1] != "--part"))
        {
            return this.WrongUsage();
        }

        string part = args.Length == 3 ? args[2] : "test";
        var train = Dataset.Load(Path.Combine(args[0], "train.tsv"));
        var foldIn = Dataset.Load(Path.Combine(args[0], $"{part}_foldin.tsv"));
        var heldOut = Dataset.Load(Path.Combine(args[0], $"{part}_heldout.tsv"));
        foreach (string name in new[] { "als", "ease" })
        {
            using var model = Algorithms.Get(name).Train(train, OptionBag.Empty);
            var task = EvaluationTask.Strong(model, foldIn, heldOut);
            long began = Stopwatch.GetTimestamp();
            var interview = Interview.For(model);
            double prepared = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            var popularity = Popularity(model);
            int[] popular = [.. Enumerable.Range(0, popularity.Length).OrderByDescending(i => popularity[i])];
            Report(name, "no question", task, Evaluate(model, popularity, task, _ => []));
            foreach (int count in new[] { 5, 10, 20 })
            {
                long asking = 0;
                var chosen = Evaluate(model, popularity, task, user =>
                {
                    long start = Stopwatch.GetTimestamp();
                    int[] liked = Ask(interview, task.Histories!.Row(user).ToArray(), count);
                    asking += Stopwatch.GetTimestamp() - start;
                    return liked;
                });
                var byPopularity = Evaluate(model, popularity, task, user => Known(task, user, popular.Take(count)));
                Report(name, $"{count} chosen", task, chosen, byPopularity);
                Report(name, $"{count} most popular", task, byPopularity);
                Report(name, $"{count} random", task, Evaluate(model, popularity, task, user =>
                {
                    var random = new Random(user);
                    return Known(task, user, Enumerable.Range(0, count).Select(_ => random.Next(popular.Length)));
                }));
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name}: a question with the answers before it {asking * 1e3 / Stopwatch.Frequency / task.Histories!.Rows / count:F1} ms; prepared once in {prepared:F0} ms"));
            }

            Report(name, "whole fold-in history", task, Evaluate(model, popularity, task, user => task.Histories!.Row(user).ToArray()));
        }

        return 0;
    }

    private static float[] Popularity(IRecommenderModel model)
    {
        var popularity = new float[model.Items.Count];
        foreach (int item in model.Histories.AllColumns)
        {
            popularity[item] += 1f / model.Users.Count;
        }

        return popularity;
    }

    /// <summary>The items liked in an interview of so many questions, one after the other.</summary>
    private static int[] Ask(Interview interview, int[] history, int count)
    {
        var answered = new List<(int Item, Answer Answer)>();
        var question = new ScoredItem[1];
        while (answered.Count < count && interview.Choose(answered.ToArray(), ItemFilter.Default, question) == 1)
        {
            int item = question[0].Item;
            answered.Add((item, Array.BinarySearch(history, item) >= 0 ? Answer.Like : Answer.Unknown));
        }

        return [.. answered.Where(a => a.Answer == Answer.Like).Select(a => a.Item).Order()];
    }

    private static int[] Known(EvaluationTask task, int user, IEnumerable<int> asked)
    {
        var history = task.Histories!.Row(user).ToArray();
        return [.. asked.Distinct().Where(i => Array.BinarySearch(history, i) >= 0).Order()];
    }

    private static (double Ndcg, double Recall, int Likes)[] Evaluate(
        IRecommenderModel model, float[] popularity, EvaluationTask task, Func<int, int[]> ask)
    {
        var metrics = new RankingMetrics(Longest);
        Metric ndcg = Metric.Parse("ndcg@100"), recall = Metric.Parse("recall@20");
        var results = new ScoredItem[Longest];
        var values = new (double, double, int)[task.HeldOut.Rows];
        for (int user = 0; user < values.Length; user++)
        {
            int[] liked = ask(user);
            var filter = new ItemFilter { Exclude = task.Histories!.Row(user).ToArray() };
            int found = liked.Length > 0
                ? model.Recommend(model.FoldIn(liked, default), filter, results)
                : TopN.Select(popularity, default, filter, results);
            var wanted = task.HeldOut.Row(user).ToArray();
            int[] hits = [.. Enumerable.Range(0, found).Where(r => Array.BinarySearch(wanted, results[r].Item) >= 0)];
            values[user] = (metrics.Value(ndcg, hits, wanted.Length), metrics.Value(recall, hits, wanted.Length), liked.Length);
        }

        return values;
    }

    private static void Report(
        string model,
        string what,
        EvaluationTask task,
        (double Ndcg, double Recall, int Likes)[] values,
        (double Ndcg, double Recall, int Likes)[]? against = null)
    {
        string compared = "";
        if (against is not null)
        {
            double[] gains = [.. values.Zip(against, (a, b) => a.Ndcg - b.Ndcg)];
            double mean = gains.Average();
            double error = Math.Sqrt(gains.Average(g => (g - mean) * (g - mean)) / gains.Length);
            compared = string.Create(CultureInfo.InvariantCulture, $"; ndcg against most popular {mean:+0.0000;-0.0000} ± {1.96 * error:F4}");
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{model}, {what}: ndcg@100 {values.Average(v => v.Ndcg):F4}, recall@20 {values.Average(v => v.Recall):F4}, {values.Average(v => v.Likes):F1} likes ({task.HeldOut.Rows} users){compared}"));
    }
}
