using System.Diagnostics;
using System.Globalization;
using Recsys.Engine.Data;
using Recsys.Engine.Models;

namespace Recsys.Benchmarks.Logistic;

/// <summary>A training set with held-out items, and the metrics of its published protocol (all unseen items ranked).</summary>
internal sealed class RankingTask
{
    private readonly List<(int User, int[] FoldIn, int[] HeldOut)> _cases = [];
    private bool _strong;

    public required Dataset Data { get; init; }

    public static RankingTask Load(string name)
    {
        string root = FindData();
        return name switch
        {
            "ml-1m" or "ml-1m-test" => Strong(Path.Combine(root, "ml-1m"), name == "ml-1m" ? "val" : "test", name),
            "gowalla" or "gowalla-val" => Weak(Path.Combine(root, "gowalla"), name == "gowalla-val", name),
            _ => throw new ArgumentException($"unknown data set {name}"),
        };
    }

    /// <summary>Strong protocol: recall@20 and ndcg@100; weak: recall_full@20 and ndcg@20.</summary>
    public string Evaluate(IRecommenderModel model, out double seconds)
    {
        var clock = Stopwatch.StartNew();
        int depth = _strong ? 100 : 20;
        var recall = new double[_cases.Count];
        var ndcg = new double[_cases.Count];
        Parallel.For(0, _cases.Count, c =>
        {
            var (user, foldIn, heldOut) = _cases[c];
            var profile = _strong ? model.FoldIn(foldIn, default) : model.GetUser(user);
            var results = new ScoredItem[depth];
            int found = model.Recommend(profile, ItemFilter.Default, results);
            double gain = 0;
            double ideal = 0;
            int hits = 0;
            for (int r = 0; r < depth; r++)
            {
                double discount = 1 / Math.Log2(r + 2);
                ideal += r < heldOut.Length ? discount : 0;
                if (r < found && Array.BinarySearch(heldOut, results[r].Item) >= 0)
                {
                    gain += discount;
                    hits += r < 20 ? 1 : 0;
                }
            }

            recall[c] = hits / (double)(_strong ? Math.Min(20, heldOut.Length) : heldOut.Length);
            ndcg[c] = gain / ideal;
        });
        seconds = clock.Elapsed.TotalSeconds;
        return string.Create(CultureInfo.InvariantCulture, $"recall@20 {recall.Average():F4}  ndcg@{depth} {ndcg.Average():F4}");
    }

    private static RankingTask Strong(string folder, string part, string name)
    {
        var train = ReadPairs(Path.Combine(folder, "train.tsv"));
        var foldIn = ReadPairs(Path.Combine(folder, $"{part}_foldin.tsv"));
        var heldOut = ReadPairs(Path.Combine(folder, $"{part}_heldout.tsv"));
        var task = new RankingTask { Data = ToDataset(train, name), _strong = true };
        foreach (var (user, items) in heldOut)
        {
            task._cases.Add((-1, foldIn.GetValueOrDefault(user, []).Order().ToArray(), items.Order().ToArray()));
        }

        return task;
    }

    private static RankingTask Weak(string folder, bool validate, string name)
    {
        var train = ReadLists(Path.Combine(folder, "train.txt"));
        var heldOut = ReadLists(Path.Combine(folder, "test.txt"));
        if (validate)
        {
            // A tenth of each user's training items, chosen by a seed, stands in for the test set.
            var random = new Random(1);
            heldOut = [];
            foreach (int user in train.Keys.Order().ToArray())
            {
                var items = train[user].Order().ToArray();
                random.Shuffle(items);
                int held = items.Length / 10;
                heldOut[user] = [.. items[..held]];
                train[user] = [.. items[held..]];
            }
        }

        var task = new RankingTask { Data = ToDataset(train, name, 40981) };
        foreach (var (user, items) in heldOut.Where(h => h.Value.Count > 0))
        {
            task._cases.Add((user, [], items.Order().ToArray()));
        }

        return task;
    }

    private static Dataset ToDataset(Dictionary<int, List<int>> lists, string name, int items = 0)
    {
        int users = lists.Keys.Max() + 1;
        items = Math.Max(items, lists.Values.Max(l => l.DefaultIfEmpty(0).Max()) + 1);
        var offsets = new long[users + 1];
        var columns = new List<int>();
        for (int u = 0; u < users; u++)
        {
            columns.AddRange(lists.GetValueOrDefault(u, []).Distinct().Order());
            offsets[u + 1] = columns.Count;
        }

        var matrix = new SparseMatrix(users, items, offsets, [.. columns]);
        return new Dataset(IdTable.Sequential(users), IdTable.Sequential(items), matrix) { Name = name };
    }

    private static Dictionary<int, List<int>> ReadPairs(string file)
    {
        var lists = new Dictionary<int, List<int>>();
        foreach (string line in File.ReadLines(file))
        {
            int tab = line.IndexOf('\t', StringComparison.Ordinal);
            int user = int.Parse(line.AsSpan(0, tab), CultureInfo.InvariantCulture);
            (lists.TryGetValue(user, out var list) ? list : lists[user] = []).Add(int.Parse(line.AsSpan(tab + 1), CultureInfo.InvariantCulture));
        }

        return lists;
    }

    private static Dictionary<int, List<int>> ReadLists(string file) => File.ReadLines(file)
        .Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(t => int.Parse(t, CultureInfo.InvariantCulture)).ToList())
        .Where(l => l.Count > 0)
        .ToDictionary(l => l[0], l => l[1..]);

    private static string FindData()
    {
        if (Environment.GetEnvironmentVariable("RECSYS_DATA") is { Length: > 0 } named)
        {
            return named;
        }

        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string candidate = Path.Combine(folder.FullName, "shared", "data");
            if (Directory.Exists(Path.Combine(candidate, "ml-1m")))
            {
                return candidate;
            }
        }

        throw new DirectoryNotFoundException("the real data sets are not here (set RECSYS_DATA)");
    }
}
