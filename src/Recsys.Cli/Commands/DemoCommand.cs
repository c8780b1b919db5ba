using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Recsys.Cli.Output;
using Recsys.Engine.Data;
using Recsys.Engine.Data.Synthetic;
using Recsys.Engine.Evaluation;
using Recsys.Engine.Models;

namespace Recsys.Cli.Commands;

/// <summary><c>recsys demo</c>: a made-up bookshop, from histories to recommendations with reasons.</summary>
internal static class DemoCommand
{
    private const int HeldOutUsers = 500;
    private const int Recommendations = 8;

    private static readonly (string Model, OptionBag Options)[] Models =
    [
        ("popularity", OptionBag.Empty),
        ("als", new OptionBag([new("factors", "32"), new("alpha", "5"), new("regularization", "20"), new("iterations", "10")])),
        ("ease", new OptionBag([new("regularization", "150")])),
    ];

    public static Command Create(Terminal terminal)
    {
        var seed = new Option<ulong>("--seed") { Description = "seed of the catalogue and of the split", HelpName = "N", DefaultValueFactory = _ => 42 };
        var threads = new Option<int>("--threads") { Description = "threads to use; 0 for one per processor", HelpName = "N" };
        var command = new Command("demo", "Makes up a bookshop, trains on it, evaluates, and recommends with reasons.") { seed, threads };
        command.SetAction((result, token) => Task.FromResult(Run(terminal, result.GetValue(seed), result.GetValue(threads), token)));
        return command;
    }

    private static int Run(Terminal terminal, ulong seed, int threads, CancellationToken token)
    {
        var catalogue = SyntheticCatalogue.Create(new SyntheticOptions { Seed = seed });
        var split = Splitter.Split(catalogue.ToLog(), new SplitOptions { TestUsers = HeldOutUsers, ValidationUsers = 0, Seed = seed });
        var books = new DemoShelf(catalogue, split.Train.Items);
        var writer = terminal.Out;
        writer.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"A made-up bookshop: {catalogue.Data.Users.Count} readers, {catalogue.Items.Count} books, {catalogue.Data.Interactions.Count} purchases (seed {seed})."));
        writer.WriteLine($"{HeldOutUsers} readers are kept aside; 80 % of what each bought is shown to the models, 20 % is to be found.");
        writer.WriteLine();
        writer.Flush();

        var table = new TextTable("model", ">recall@20", ">ndcg@100", ">tail recall@20", ">trained in");
        var trained = new List<IRecommenderModel>();
        try
        {
            foreach (var (name, options) in Models)
            {
                var clock = Stopwatch.StartNew();
                var bag = threads > 0 ? options.With("threads", threads.ToString(CultureInfo.InvariantCulture)) : options;
                var model = ProgressView.Run(terminal, name, progress => Algorithms.Get(name).Train(split.Train, bag, progress, token));
                trained.Add(model);
                table.Add([name, .. Measure(model, split, threads, token), string.Create(CultureInfo.InvariantCulture, $"{clock.Elapsed.TotalSeconds:F2} s")]);
            }

            table.Write(writer);
            foreach (int reader in InterestingReaders(split.Test))
            {
                ShowReader(writer, books, split.Test, reader, trained[^1]);
            }
        }
        finally
        {
            trained.ForEach(m => m.Dispose());
        }

        return 0;
    }

    private static string[] Measure(IRecommenderModel model, DataSplit split, int threads, CancellationToken token)
    {
        var recall = Metric.Parse("recall@20");
        var ndcg = Metric.Parse("ndcg@100");
        var options = new EvaluationOptions { Metrics = [recall, ndcg], Threads = threads };
        var result = Evaluator.Evaluate(model, EvaluationTask.Strong(split.Test.FoldIn, split.Test.HeldOut), options, null, token);
        var tail = result.Bands.First(b => b.Band == PopularityBand.Tail);
        return [WithInterval(result, recall), WithInterval(result, ndcg), Number(tail[recall])];
    }

    private static string WithInterval(EvaluationResult result, Metric metric)
    {
        var value = result.Metrics.First(m => m.Metric == metric);
        return value.Confidence is { } interval
            ? $"{Number(value.Value)} ({Number(interval.Low)}–{Number(interval.High)})"
            : Number(value.Value);
    }

    private static string Number(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);

    /// <summary>Two readers with histories short enough to be read.</summary>
    private static IEnumerable<int> InterestingReaders(HeldOutPart test) =>
        Enumerable.Range(0, test.FoldIn.Rows).Where(r => test.FoldIn.RowLength(r) is >= 8 and <= 14).Take(2);

    private static void ShowReader(TextWriter writer, DemoShelf books, HeldOutPart test, int reader, IRecommenderModel model)
    {
        var history = test.FoldIn.Row(reader);
        var profile = model.FoldIn(history, default);
        writer.WriteLine();
        writer.WriteLine($"{test.Users[reader]} has bought:");
        foreach (var shelf in history.ToArray().GroupBy(i => books[i].Genre).OrderByDescending(g => g.Count()))
        {
            writer.WriteLine($"  {shelf.Key}: {string.Join("; ", shelf.Select(i => books[i].Title))}");
        }

        writer.WriteLine($"{model.Algorithm} recommends (✓: bought later, unseen by the model):");
        var best = new ScoredItem[Recommendations];
        int found = model.Recommend(profile, ItemFilter.Default, best);
        var output = new RecommendationOutput(model, item => books[item].Title);
        var table = new TextTable("", "book", "genre", ">score", "because");
        foreach (var item in best.AsSpan(0, found))
        {
            var book = books[item.Item];
            string hit = test.HeldOut.Row(reader).BinarySearch(item.Item) >= 0 ? "✓" : "";
            table.Add(hit, book.Title, book.Genre, item.Score.ToString("0.000", CultureInfo.InvariantCulture), output.Reasons(model.Explain(profile, item.Item)));
        }

        table.Write(writer);
        ShowSuppressed(writer, books, profile, model, output);
    }

    /// <summary>The book that a single purchase speaks against most: what negative weights know.</summary>
    private static void ShowSuppressed(
        TextWriter writer, DemoShelf books, UserProfile profile, IRecommenderModel model, RecommendationOutput output)
    {
        var strongest = Enumerable.Range(0, model.Items.Count)
            .Where(i => profile.Items.Span.BinarySearch(i) < 0)
            .SelectMany(i => model.Explain(profile, i).Contributions.Select(c => (Book: i, Against: c)))
            .MinBy(p => p.Against.Score);
        string score = strongest.Against.Score.ToString("0.000", CultureInfo.InvariantCulture).Replace('-', '−');
        writer.WriteLine($"and what speaks most against a book: {score} for {books[strongest.Book].Title}, since there is {output.Label(strongest.Against.Item)}");
    }
}
