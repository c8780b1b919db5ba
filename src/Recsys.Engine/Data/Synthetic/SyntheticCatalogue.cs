using System.Globalization;
using Recsys.Engine.Compute;

namespace Recsys.Engine.Data.Synthetic;

/// <summary>
/// A made-up bookshop with a known truth: genres, power-law popularity, readers with two or three favourite genres,
/// series that are read on, and books in two editions of which nobody buys both. What a good model has to find is
/// planted: the series (positive weights) and the rival editions (negative weights).
/// </summary>
public sealed class SyntheticCatalogue
{
    private const double SeriesShare = 0.25;
    private const double EditionShare = 0.12;
    private const double ReadOnProbability = 0.55;
    private const double FavouriteProbability = 0.85;
    private const int SeriesLength = 3;

    private static readonly string[] Genres =
        ["Mystery", "Science Fiction", "Fantasy", "Romance", "History", "Travel", "Cooking", "Poetry", "Science", "Horror"];

    private static readonly string[] Adjectives =
    [
        "Silent", "Last", "Hidden", "Golden", "Broken", "Distant", "Burning", "Pale", "Restless", "Quiet", "Second", "Borrowed",
        "Winter", "Crooked", "Endless", "Forgotten", "Velvet", "Iron", "Salt", "Paper", "Hollow", "Scarlet", "Northern", "Lost",
    ];

    private static readonly Dictionary<string, string[]> Nouns = new()
    {
        ["Mystery"] = ["Witness", "Alibi", "Verdict", "Stranger", "Letter", "Cellar", "Inspector", "Key"],
        ["Science Fiction"] = ["Orbit", "Colony", "Signal", "Engine", "Horizon", "Machine", "Star", "Station"],
        ["Fantasy"] = ["Dragon", "Crown", "Wizard", "Kingdom", "Sword", "Forest", "Oath", "Tower"],
        ["Romance"] = ["Heart", "Summer", "Promise", "Wedding", "Kiss", "Dance", "Garden", "Secret"],
        ["History"] = ["Empire", "Treaty", "Republic", "Siege", "Dynasty", "Revolution", "Harbour", "March"],
        ["Travel"] = ["Road", "Island", "Coast", "Railway", "River", "Border", "Desert", "Map"],
        ["Cooking"] = ["Kitchen", "Table", "Oven", "Harvest", "Spice", "Bakery", "Feast", "Orchard"],
        ["Poetry"] = ["Silence", "Light", "Sparrow", "Window", "Tide", "Ash", "Lantern", "Morning"],
        ["Science"] = ["Atom", "Cell", "Number", "Ocean", "Brain", "Fossil", "Climate", "Theorem"],
        ["Horror"] = ["House", "Grave", "Mirror", "Shadow", "Whisper", "Hunger", "Attic", "Mask"],
    };

    private readonly List<int>[] _byGenre;
    private readonly double[][] _cumulativeByGenre;

    private SyntheticCatalogue(List<SyntheticItem> items, Dictionary<int, List<int>> series, SyntheticOptions options)
    {
        Items = items;
        _byGenre = [.. Genres.Select(g => Enumerable.Range(0, items.Count).Where(i => items[i].Genre == g).ToList())];
        _cumulativeByGenre = [.. _byGenre.Select((members, g) => CumulativePopularity(members.Count, g, options))];
        Data = Simulate(series, options);
    }

    /// <summary>The books; index = item index in <see cref="Data"/>.</summary>
    public IReadOnlyList<SyntheticItem> Items { get; }

    /// <summary>What the readers bought, weight 1 each.</summary>
    public Dataset Data { get; }

    /// <summary>Makes a catalogue and its histories.</summary>
    /// <exception cref="InvalidOptionException">Fewer than 100 items or 10 users.</exception>
    public static SyntheticCatalogue Create(SyntheticOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        int titles = Genres.Length * Adjectives.Length * Nouns[Genres[0]].Length;
        if (options.Users < 10 || options.Items < 100 || options.Items > titles)
        {
            throw new InvalidOptionException($"a synthetic catalogue needs 10 users or more and 100 to {titles} items");
        }

        var random = SplitMix64.ForStream(options.Seed, 0);
        var items = new List<SyntheticItem>(options.Items);
        var series = new Dictionary<int, List<int>>();
        var taken = new HashSet<string>();
        while (items.Count < options.Items)
        {
            AddWork(items, series, taken, options.Items - items.Count, ref random);
        }

        return new SyntheticCatalogue(items, series, options);
    }

    /// <summary>The purchases one by one, to be split.</summary>
    public InteractionLog ToLog()
    {
        var x = Data.Interactions;
        int[] users = [.. Enumerable.Range(0, x.Rows).SelectMany(u => Enumerable.Repeat(u, x.RowLength(u)))];
        return new InteractionLog(Data.Users, Data.Items, users, x.AllColumns.ToArray()) { Name = Data.Name };
    }

    private static void AddWork(
        List<SyntheticItem> items, Dictionary<int, List<int>> series, HashSet<string> taken, int room, ref SplitMix64 random)
    {
        string genre = Genres[random.NextInt(Genres.Length)];
        string title;
        do
        {
            title = $"The {Adjectives[random.NextInt(Adjectives.Length)]} {Nouns[genre][random.NextInt(Nouns[genre].Length)]}";
            if (!taken.Contains(title))
            {
                break;
            }

            genre = Genres[random.NextInt(Genres.Length)];
        }
        while (true);
        taken.Add(title);
        double kind = random.NextDouble();
        int first = items.Count;
        if (kind < SeriesShare / SeriesLength * 2 && room >= SeriesLength)
        {
            int id = series.Count;
            series[id] = [.. Enumerable.Range(first, SeriesLength)];
            for (int v = 0; v < SeriesLength; v++)
            {
                items.Add(new SyntheticItem(ItemId(first + v), $"{title}, vol. {v + 1}", genre, id, -1));
            }
        }
        else if (kind > 1 - EditionShare && room >= 2)
        {
            items.Add(new SyntheticItem(ItemId(first), $"{title} (hardcover)", genre, -1, first + 1));
            items.Add(new SyntheticItem(ItemId(first + 1), $"{title} (paperback)", genre, -1, first));
        }
        else
        {
            items.Add(new SyntheticItem(ItemId(first), title, genre, -1, -1));
        }
    }

    private static string ItemId(int index) => string.Create(CultureInfo.InvariantCulture, $"book-{index + 1:D4}");

    /// <summary>Rank r of a seeded order within the genre has weight (r + 3)^−exponent.</summary>
    private static double[] CumulativePopularity(int members, int genre, SyntheticOptions options)
    {
        var random = SplitMix64.ForStream(options.Seed, 1000 + (ulong)genre);
        int[] order = [.. Enumerable.Range(0, members)];
        for (int i = members - 1; i > 0; i--)
        {
            int j = random.NextInt(i + 1);
            (order[i], order[j]) = (order[j], order[i]);
        }

        var cumulative = new double[members];
        double sum = 0;
        for (int i = 0; i < members; i++)
        {
            sum += Math.Pow(order[i] + 3, -options.PopularityExponent);
            cumulative[i] = sum;
        }

        return cumulative;
    }

    private Dataset Simulate(Dictionary<int, List<int>> series, SyntheticOptions options)
    {
        var offsets = new long[options.Users + 1];
        var columns = new List<int>();
        var users = new List<string>(options.Users);
        for (int u = 0; u < options.Users; u++)
        {
            var random = SplitMix64.ForStream(options.Seed, 1_000_000 + (ulong)u);
            var history = SimulateReader(series, options, ref random);
            columns.AddRange(history);
            offsets[u + 1] = columns.Count;
            users.Add(string.Create(CultureInfo.InvariantCulture, $"reader-{u + 1:D4}"));
        }

        var matrix = new SparseMatrix(options.Users, Items.Count, offsets, [.. columns]);
        return new Dataset(IdTable.FromStrings(users), IdTable.FromStrings(Items.Select(i => i.Id)), matrix)
        {
            Name = string.Create(CultureInfo.InvariantCulture, $"synthetic bookshop (seed {options.Seed})"),
        };
    }

    private SortedSet<int> SimulateReader(Dictionary<int, List<int>> series, SyntheticOptions options, ref SplitMix64 random)
    {
        int favourites = 2 + random.NextInt(2);
        int[] favourite = new int[favourites];
        for (int f = 0; f < favourites; f++)
        {
            favourite[f] = random.NextInt(Genres.Length);
        }

        double length = options.MedianHistory * Math.Exp(0.6 * random.NextGaussian());
        int target = Math.Clamp((int)length, 5, Items.Count / 4);
        var history = new SortedSet<int>();
        for (int attempt = 0; history.Count < target && attempt < target * 20; attempt++)
        {
            int genre = random.NextDouble() < FavouriteProbability
                ? favourite[random.NextInt(favourites)]
                : random.NextInt(Genres.Length);
            int item = Draw(genre, ref random);
            if (item < 0 || history.Contains(item) || history.Contains(Items[item].OtherEdition))
            {
                continue;
            }

            history.Add(item);
            if (Items[item].Series >= 0)
            {
                ReadOn(series[Items[item].Series], history, ref random);
            }
        }

        return history;
    }

    private static void ReadOn(List<int> volumes, SortedSet<int> history, ref SplitMix64 random)
    {
        foreach (int volume in volumes)
        {
            if (random.NextDouble() < ReadOnProbability)
            {
                history.Add(volume);
            }
        }
    }

    private int Draw(int genre, ref SplitMix64 random)
    {
        var cumulative = _cumulativeByGenre[genre];
        if (cumulative.Length == 0)
        {
            return -1;
        }

        int place = Array.BinarySearch(cumulative, random.NextDouble() * cumulative[^1]);
        return _byGenre[genre][Math.Min(place < 0 ? ~place : place, cumulative.Length - 1)];
    }
}
