using System.Globalization;
using Recsys.Engine.Als;
using Recsys.Engine.ColdStart;
using Recsys.Engine.Data;
using Recsys.Engine.Numerics;

namespace Recsys.Benchmarks.ColdStart;

/// <summary>
/// Items without clicks, from their tags: citeulike-a with all clicks on a tenth of the articles taken away. Each user
/// who had some of these articles has all of them ranked, by factors from tags, by likeness of tags, at random.
/// </summary>
internal sealed class ColdItemsBenchmark : IBenchmark
{
    private const int LeastItemsPerTag = 5;

    public string Name => "cold-items";

    public string Summary => "recall of items without clicks, ranked by factors from their tags (citeulike-a)";

    public string Usage => "FOLDER  (users.dat and item-tag.dat of citeulike-a in it)";

    public int Run(string[] args)
    {
        if (args.Length != 1)
        {
            return this.WrongUsage();
        }

        int[][] users = Lists(Path.Combine(args[0], "users.dat"));
        int[][] tags = Frequent(Lists(Path.Combine(args[0], "item-tag.dat")), out int tagCount);
        int items = tags.Length;
        Console.WriteLine($"{users.Length} users, {items} articles, {users.Sum(u => u.Length)} pairs, {tagCount} tags of {LeastItemsPerTag} articles and more");

        // μ is chosen on one tenth of the articles, and used on another.
        double best = 0, chosen = 0;
        foreach (double mu in new[] { 2.0, 5, 10, 20, 50, 100 })
        {
            double recall = Measure($"validation, μ {mu}", users, tags, tagCount, part: 1, mu, baselines: false);
            (best, chosen) = recall > best ? (recall, mu) : (best, chosen);
        }

        Measure($"test, μ {chosen}", users, tags, tagCount, part: 0, chosen, baselines: true);
        return 0;
    }

    private static double Measure(string what, int[][] users, int[][] tags, int tagCount, int part, double mu, bool baselines)
    {
        int items = tags.Length;
        bool[] cold = [.. Enumerable.Range(0, items).Select(i => (uint)(i * 2654435761u) % 10 == part || (part == 1 && (uint)(i * 2654435761u) % 10 == 0))];
        int[] ranked = [.. Enumerable.Range(0, items).Where(i => (uint)(i * 2654435761u) % 10 == part)];
        int[][] known = [.. users.Select(u => u.Where(i => !cold[i]).Order().ToArray())];
        using var model = AlsTrainer.Train(ToDataset(known, items), new AlsOptions { Factors = 64, Iterations = 10 });
        int[] counts = new int[items];
        foreach (int i in known.SelectMany(u => u))
        {
            counts[i]++;
        }

        var ridge = FeatureRidge.Fit(Sparse(tags, tagCount), model.ItemFactors, counts, mu);
        using var predicted = new DenseMatrix(ranked.Length, 64);
        for (int r = 0; r < ranked.Length; r++)
        {
            ridge.Predict(tags[ranked[r]], default, predicted.Row(r));
        }

        double recall = Rank($"{what}: factors from tags", users, known, ranked, (u, r) => Dot(model.UserFactors.Row(u), predicted.Row(r)));
        if (baselines)
        {
            var profiles = new float[tagCount];
            int last = -1;
            Rank($"{what}: likeness of tags to the user's", users, known, ranked, (u, r) =>
            {
                if (u != last)
                {
                    Array.Clear(profiles);
                    foreach (int i in known[u])
                    {
                        foreach (int t in tags[i])
                        {
                            profiles[t] += 1 / MathF.Sqrt(tags[i].Length);
                        }
                    }

                    last = u;
                }

                var own = tags[ranked[r]];
                return own.Length == 0 ? 0 : own.Sum(t => profiles[t]) / MathF.Sqrt(own.Length);
            });
            double[] popularity = new double[tagCount];
            foreach (int i in Enumerable.Range(0, items))
            {
                foreach (int t in tags[i])
                {
                    popularity[t] += counts[i];
                }
            }

            Rank($"{what}: popularity of its tags", users, known, ranked, (_, r) => (float)tags[ranked[r]].Sum(t => popularity[t]));
            var random = new Random(1);
            Rank($"{what}: random", users, known, ranked, (_, _) => random.NextSingle());
        }

        return recall;
    }

    private static double Rank(string what, int[][] users, int[][] known, int[] ranked, Func<int, int, float> score)
    {
        int[] place = [.. Enumerable.Repeat(-1, 1 + users.SelectMany(u => u).Max())];
        for (int r = 0; r < ranked.Length; r++)
        {
            place[ranked[r]] = r;
        }

        double recall = 0, recall20 = 0;
        int count = 0;
        for (int u = 0; u < users.Length; u++)
        {
            var wanted = users[u].Where(i => place[i] >= 0).Select(i => place[i]).ToHashSet();
            if (wanted.Count == 0 || known[u].Length == 0)
            {
                continue;
            }

            float[] scores = [.. Enumerable.Range(0, ranked.Length).Select(r => score(u, r))];
            int[] order = [.. Enumerable.Range(0, ranked.Length).OrderByDescending(r => scores[r]).Take(100)];
            recall += order.Count(wanted.Contains) / (double)wanted.Count;
            recall20 += order.Take(20).Count(wanted.Contains) / (double)wanted.Count;
            count++;
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{what}: recall@20 {recall20 / count:F4}, recall@100 {recall / count:F4} of {ranked.Length} cold articles ({count} users)"));
        return recall / count;
    }

    private static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        float sum = 0;
        for (int f = 0; f < a.Length; f++)
        {
            sum += a[f] * b[f];
        }

        return sum;
    }

    private static int[][] Lists(string path) =>
        [.. File.ReadLines(path).Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(x => int.Parse(x, CultureInfo.InvariantCulture)).Distinct().Order().ToArray())];

    /// <summary>Tags that say something of more than a few articles, numbered anew.</summary>
    private static int[][] Frequent(int[][] tags, out int count)
    {
        int[] kept = [.. tags.SelectMany(t => t).GroupBy(t => t).Where(g => g.Count() >= LeastItemsPerTag).Select(g => g.Key).Order()];
        count = kept.Length;
        return [.. tags.Select(list => list.Select(t => Array.BinarySearch(kept, t)).Where(t => t >= 0).Order().ToArray())];
    }

    private static SparseMatrix Sparse(int[][] rows, int columns)
    {
        var offsets = new long[rows.Length + 1];
        for (int r = 0; r < rows.Length; r++)
        {
            offsets[r + 1] = offsets[r] + rows[r].Length;
        }

        return new SparseMatrix(rows.Length, columns, offsets, [.. rows.SelectMany(r => r)]);
    }

    private static Dataset ToDataset(int[][] rows, int items)
    {
        static IdTable Table(int count)
        {
            var table = new IdTable();
            for (int i = 0; i < count; i++)
            {
                table.GetOrAdd(i.ToString(CultureInfo.InvariantCulture));
            }

            return table;
        }

        return new Dataset(Table(rows.Length), Table(items), Sparse(rows, items));
    }
}
