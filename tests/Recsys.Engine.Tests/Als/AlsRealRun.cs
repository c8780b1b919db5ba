using System.Globalization;
using Recsys.Engine.Als;
using Recsys.Engine.Data;
using Recsys.Engine.Models;

namespace Recsys.Engine.Tests.Als;

/// <summary>A tiny reader and the two metrics that the runs on real data need.</summary>
internal static class AlsRealRun
{
    /// <summary>The strong split of ml-1m: training users, and fold-in and held-out items of other users.</summary>
    public static (Dataset Train, List<(int[] FoldIn, int[] HeldOut)> Test) MovieLens(string part = "test")
    {
        var train = Pairs(RealData.Path("ml-1m/train.tsv"));
        var users = new IdTable();
        var items = new IdTable();
        var pairs = train.Select(p => (users.GetOrAdd(p.User), items.GetOrAdd(p.Item))).ToList();
        var data = new Dataset(users, items, Matrix(users.Count, items.Count, pairs)) { Name = "ml-1m" };
        var foldIn = Group(Pairs(RealData.Path($"ml-1m/{part}_foldin.tsv")), items);
        var heldOut = Group(Pairs(RealData.Path($"ml-1m/{part}_heldout.tsv")), items);
        return (data, [.. foldIn.Where(f => heldOut.ContainsKey(f.Key)).Select(f => (f.Value, heldOut[f.Key]))]);
    }

    /// <summary>The LightGCN split of gowalla: the same users' other items, by user index.</summary>
    public static (Dataset Train, List<(int User, int[] HeldOut)> Test) Gowalla()
    {
        var users = new IdTable();
        var items = new IdTable();
        var pairs = Adjacency("train").SelectMany(row => row.Items.Select(i => (users.GetOrAdd(row.User), items.GetOrAdd(i)))).ToList();
        var held = new List<(int, int[])>();
        foreach (var (user, named) in Adjacency("test"))
        {
            int[] known = [.. named.Select(i => items.TryGetIndex(i, out int index) ? index : -1).Where(i => i >= 0).Order()];
            if (named.Length > 0 && users.TryGetIndex(user, out int u))
            {
                held.Add((u, known));
            }
        }

        return (new Dataset(users, items, Matrix(users.Count, items.Count, pairs)) { Name = "gowalla" }, held);
    }

    public static (double Ndcg100, double Recall20, double Recall50) Strong(
        IRecommenderModel model, List<(int[] FoldIn, int[] HeldOut)> test)
    {
        var results = new double[test.Count, 3];
        Parallel.For(0, test.Count, t =>
        {
            var best = new ScoredItem[100];
            int n = model.Recommend(model.FoldIn(test[t].FoldIn, default), ItemFilter.Default, best);
            var held = test[t].HeldOut.ToHashSet();
            double gain = 0, ideal = 0;
            for (int i = 0; i < n; i++)
            {
                gain += held.Contains(best[i].Item) ? 1 / Math.Log2(i + 2) : 0;
                ideal += i < held.Count ? 1 / Math.Log2(i + 2) : 0;
            }

            results[t, 0] = gain / ideal;
            results[t, 1] = best.Take(20).Count(b => held.Contains(b.Item)) / (double)Math.Min(20, held.Count);
            results[t, 2] = best.Take(50).Count(b => held.Contains(b.Item)) / (double)Math.Min(50, held.Count);
        });
        double Mean(int m) => Enumerable.Range(0, test.Count).Average(t => results[t, m]);
        return (Mean(0), Mean(1), Mean(2));
    }

    public static (double Recall20, double Ndcg20) Weak(IRecommenderModel model, List<(int User, int[] HeldOut)> test, bool foldIn = false)
    {
        var results = new double[test.Count, 2];
        Parallel.For(0, test.Count, t =>
        {
            var best = new ScoredItem[20];
            var user = model.GetUser(test[t].User);
            user = foldIn ? model.FoldIn(user.Items.Span, user.Weights.Span) : user;
            int n = model.Recommend(user, ItemFilter.Default, best);
            var held = test[t].HeldOut.ToHashSet();
            double gain = 0, ideal = 0;
            for (int i = 0; i < n; i++)
            {
                gain += held.Contains(best[i].Item) ? 1 / Math.Log2(i + 2) : 0;
                ideal += i < held.Count ? 1 / Math.Log2(i + 2) : 0;
            }

            results[t, 0] = best.Count(b => held.Contains(b.Item)) / (double)held.Count;
            results[t, 1] = gain / ideal;
        });
        return (Enumerable.Range(0, test.Count).Average(t => results[t, 0]), Enumerable.Range(0, test.Count).Average(t => results[t, 1]));
    }

    public static SparseMatrix Matrix(int rows, int columns, IEnumerable<(int Row, int Column)> pairs)
    {
        var sorted = pairs.Distinct().Order().ToList();
        var offsets = new long[rows + 1];
        foreach (var (row, _) in sorted)
        {
            offsets[row + 1]++;
        }

        for (int r = 0; r < rows; r++)
        {
            offsets[r + 1] += offsets[r];
        }

        return new SparseMatrix(rows, columns, offsets, [.. sorted.Select(p => p.Column)]);
    }

    private static IEnumerable<(string User, string[] Items)> Adjacency(string part) =>
        File.ReadLines(RealData.Path($"gowalla/{part}.txt"))
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(fields => fields.Length > 1)
            .Select(fields => (fields[0], fields[1..]));

    private static IEnumerable<(string User, string Item)> Pairs(string file) =>
        File.ReadLines(file).Select(line => line.Split('\t')).Select(f => (f[0], f[1]))
            .Where(p => int.TryParse(p.Item1, CultureInfo.InvariantCulture, out _));

    private static Dictionary<string, int[]> Group(IEnumerable<(string User, string Item)> pairs, IdTable items) =>
        pairs.GroupBy(p => p.User).ToDictionary(
            g => g.Key,
            g => g.Select(p => items.TryGetIndex(p.Item, out int i) ? i : throw new InvalidOperationException(p.Item)).Order().ToArray());
}
