using Recsys.Engine.Evaluation;

namespace Recsys.Engine.Tests.Evaluation;

/// <summary>Each metric written down once more straight from its definition, without sharing anything with the engine.</summary>
internal static class BruteForce
{
    public static double User(Metric metric, List<int> ranking, HashSet<int> held, int[] popularity)
    {
        int k = metric.K;
        var top = ranking.Take(k).ToList();
        double hits = top.Count(held.Contains);
        switch (metric.Kind)
        {
            case MetricKind.Recall:
                return hits / Math.Min(k, held.Count);
            case MetricKind.RecallFull:
                return hits / held.Count;
            case MetricKind.Precision:
                return hits / k;
            case MetricKind.HitRate:
                return hits > 0 ? 1 : 0;
            case MetricKind.Mrr:
                int first = top.FindIndex(held.Contains);
                return first < 0 ? 0 : 1.0 / (1 + first);
            case MetricKind.Ndcg:
                double dcg = top.Select((item, rank) => held.Contains(item) ? Math.Log(2) / Math.Log(rank + 2) : 0).Sum();
                return dcg / Enumerable.Range(1, Math.Min(k, held.Count)).Sum(rank => Math.Log(2) / Math.Log(rank + 1));
            case MetricKind.Map:
                double sum = 0;
                for (int r = 1; r <= top.Count; r++)
                {
                    sum += held.Contains(top[r - 1]) ? top.Take(r).Count(held.Contains) / (double)r : 0;
                }

                return sum / Math.Min(k, held.Count);
            case MetricKind.Novelty:
                double total = popularity.Sum();
                return top.Average(item => -Math.Log(Math.Max(1, popularity[item]) / total) / Math.Log(2));
            default:
                throw new ArgumentOutOfRangeException(nameof(metric));
        }
    }

    public static double All(Metric metric, List<List<int>> rankings, int items)
    {
        var counts = new double[items];
        foreach (int item in rankings.SelectMany(r => r.Take(metric.K)))
        {
            counts[item]++;
        }

        if (metric.Kind == MetricKind.Coverage)
        {
            return counts.Count(c => c > 0) / (double)items;
        }

        // half the relative mean absolute difference
        return counts.SelectMany(_ => counts, (a, b) => Math.Abs(a - b)).Sum() / (2.0 * items * counts.Sum());
    }

    public static List<int> Rank(float[] scores, int[] history) =>
        [.. Enumerable.Range(0, scores.Length).Except(history).OrderByDescending(i => scores[i]).ThenBy(i => i)];
}
