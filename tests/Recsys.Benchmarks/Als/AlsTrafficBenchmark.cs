using System.Diagnostics;
using System.Globalization;
using Recsys.Engine.Als;
using Recsys.Engine.Data;

namespace Recsys.Benchmarks.Als;

/// <summary>
/// What hosts have to send each other in an iteration of ALS: rows that lie near what they interact with, beside rows dealt out by the
/// hash of their ids; and what finding the places takes.
/// </summary>
internal sealed class AlsTrafficBenchmark : IBenchmark
{
    public string Name => "als-traffic";

    public string Summary => "rows that hosts send each other in an iteration of ALS, by number of hosts";

    public string Usage => "[--data gowalla|ml-1m] [--factors 128] [--repeats 9]";

    public int Run(string[] args)
    {
        var options = new Dictionary<string, string> { ["--data"] = "gowalla", ["--factors"] = "128", ["--repeats"] = "9" };
        for (int a = 0; a + 1 < args.Length; a += 2)
        {
            if (!options.ContainsKey(args[a]))
            {
                return this.WrongUsage(args[a]);
            }

            options[args[a]] = args[a + 1];
        }

        int Number(string name) => int.Parse(options[name], CultureInfo.InvariantCulture);
        var data = AlsBenchmarkData.Load(options["--data"]).Train;
        var byItem = data.Interactions.Transpose();
        var seconds = new List<double>();
        for (int r = 0; r < Number("--repeats"); r++)
        {
            long start = Stopwatch.GetTimestamp();
            RowPlaces.Of(data.Interactions, byItem, data.Items);
            seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        seconds.Sort();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{options["--data"]}: {data.Users.Count} users, {data.Items.Count} items, {data.Interactions.Count} interactions; places in {1e3 * seconds[seconds.Count / 2]:F1} ms (median of {seconds.Count}, one thread)"));
        var (users, items) = RowOrder.Of(data, byItem);
        int[] userBlocks = Blocks(users), itemBlocks = Blocks(items);
        int[] userHashes = Hashes(data.Users), itemHashes = Hashes(data.Items);
        foreach (int hosts in new[] { 2, 3, 4, 8 })
        {
            double all = (hosts - 1.0) * (data.Users.Count + data.Items.Count);
            long near = Sent(data.Interactions, userBlocks, itemBlocks, hosts), hashed = Sent(data.Interactions, userHashes, itemHashes, hosts);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{hosts} hosts: {near / all:P1} of the rows that are elsewhere, {near * 4e-6 * Number("--factors"):F1} MB an iteration; by hash {hashed / all:P1}, {hashed * 4e-6 * Number("--factors"):F1} MB"));
        }

        return 0;
    }

    private static int[] Blocks(RowOrder order) => [.. order.Codes.Select(c => (int)(c >> RowCode.LocalBits))];

    private static int[] Hashes(IdTable ids) => [.. Enumerable.Range(0, ids.Count).Select(i => VirtualBlocks.BlockOf(VirtualBlocks.Hash(ids.Utf8(i))))];

    /// <summary>Rows sent in an iteration: each to every host that has a row which interacts with it, but its own.</summary>
    private static long Sent(SparseMatrix interactions, int[] userBlocks, int[] itemBlocks, int hosts)
    {
        var sent = new HashSet<(bool User, int Row, int Host)>();
        for (int u = 0; u < interactions.Rows; u++)
        {
            int userHost = VirtualBlocks.PartitionOf(userBlocks[u], hosts);
            foreach (int i in interactions.Row(u))
            {
                int itemHost = VirtualBlocks.PartitionOf(itemBlocks[i], hosts);
                if (userHost != itemHost)
                {
                    sent.Add((true, u, itemHost));
                    sent.Add((false, i, userHost));
                }
            }
        }

        return sent.Count;
    }
}
