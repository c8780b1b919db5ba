using System.Text.Json;

namespace Recsys.Cli.Tests;

public sealed class CommandLineAppTests : IClassFixture<CommandLine>
{
    private readonly CommandLine _line;

    public CommandLineAppTests(CommandLine line) => _line = line;

    [Theory]
    [InlineData("fit")]
    [InlineData("evaluate")]
    [InlineData("recommend")]
    [InlineData("similar")]
    [InlineData("inspect")]
    public async Task Every_command_explains_itself(string command)
    {
        var outcome = await CommandLine.RunAsync(command, "--help");
        Assert.Equal(0, outcome.Code);
        Assert.Contains("Usage:", outcome.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_usage_exits_with_2_and_one_line()
    {
        foreach (string[] arguments in new string[][]
        {
            ["nonsense"],
            ["fit"],
            ["fit", _line.Path("train.tsv"), "--model", "magic", "-o", _line.Path("m")],
            ["fit", _line.Path("train.tsv"), "--model", "ease", "--factors", "3", "-o", _line.Path("m")],
            ["fit", _line.Path("train.tsv"), "--model", "ease", "--regularization", "much", "-o", _line.Path("m")],
            ["fit", _line.Path("train.tsv"), "--model", "ease", "--regularization", "-5", "-o", _line.Path("m")],
            ["evaluate", "--train", _line.Path("train.tsv")],
            ["evaluate", "--train", _line.Path("train.tsv"), "--fold-in", _line.Path("foldin.tsv")],
            ["evaluate", "--train", _line.Path("train.tsv"), "--test", _line.Path("heldout.tsv"), "--metrics", "goodness@5"],
        })
        {
            var outcome = await CommandLine.RunAsync(arguments);
            Assert.True(outcome.Code == 2, $"{string.Join(' ', arguments)}: {outcome.Code} {outcome.Error}");
            Assert.Single(ErrorLines(outcome));
        }
    }

    [Fact]
    public async Task Failed_work_exits_with_1_and_one_line_that_names_the_place()
    {
        await File.WriteAllTextAsync(_line.Path("bad.tsv"), "u1\ti1\nu2\n");
        var outcome = await CommandLine.RunAsync("fit", _line.Path("bad.tsv"), "--model", "ease", "-o", _line.Path("never"));
        Assert.Equal(1, outcome.Code);
        Assert.Contains("bad.tsv:2:", Assert.Single(ErrorLines(outcome)), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", outcome.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_line.Path("never")));

        var verbose = await CommandLine.RunAsync("fit", _line.Path("bad.tsv"), "--model", "ease", "-o", _line.Path("never"), "--verbose");
        Assert.Contains("   at ", verbose.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ease")]
    [InlineData("popularity")]
    public async Task Fit_saves_a_model_that_recommends(string algorithm)
    {
        string model = _line.Path("model-" + algorithm);
        var fit = await CommandLine.RunAsync("fit", _line.Path("train.tsv"), "--model", algorithm, "-o", model);
        Assert.True(fit.Code == 0, fit.Error);
        Assert.Equal(model, fit.Out.Trim());

        var again = await CommandLine.RunAsync("fit", _line.Path("train.tsv"), "--model", algorithm, "-o", model);
        Assert.Equal(2, again.Code);
        Assert.Contains("--force", again.Error, StringComparison.Ordinal);

        var inspect = await CommandLine.RunAsync("inspect", model);
        Assert.Equal(0, inspect.Code);
        Assert.Contains(algorithm, inspect.Out, StringComparison.Ordinal);

        var recommend = await CommandLine.RunAsync("recommend", model, "--user", "reader-0001", "-n", "5", "--output-format", "json", "--explain");
        Assert.Equal(0, recommend.Code);
        using var json = JsonDocument.Parse(recommend.Out);
        Assert.Equal(5, json.RootElement.GetProperty("items").GetArrayLength());

        var unknown = await CommandLine.RunAsync("recommend", model, "--user", "nobody");
        Assert.Equal(1, unknown.Code);
        Assert.Contains("unknown user 'nobody'", unknown.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Inspect_shows_every_value_in_the_same_column_however_long_its_name()
    {
        string model = _line.Path("model-columns");
        await CommandLine.RunAsync("fit", _line.Path("train.tsv"), "--model", "ease", "--regularization-exponent", "0.25", "-o", model);
        var inspect = await CommandLine.RunAsync("inspect", model, "--weights");
        string[] lines = inspect.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        int column = Assert.Single(lines, l => l.StartsWith("model ", StringComparison.Ordinal)).IndexOf("ease", StringComparison.Ordinal);
        Assert.Contains("  regularization-exponent  0.25", inspect.Out, StringComparison.Ordinal);
        Assert.Contains("\n  negative", inspect.Out, StringComparison.Ordinal);
        Assert.All(lines, l => Assert.True(l[column - 1] == ' ' && l[column] != ' ', l));
    }

    [Fact]
    public async Task Filters_hold_in_recommendations()
    {
        string model = _line.Path("model-filters");
        await CommandLine.RunAsync("fit", _line.Path("train.tsv"), "--model", "ease", "-o", model);
        string[] tsv = ["--output-format", "tsv"];
        var all = Ids(await CommandLine.RunAsync(["recommend", model, "--items", "book-0001,book-0002", "-n", "10", .. tsv]));
        Assert.Equal(10, all.Length);
        Assert.DoesNotContain("book-0001", all);
        var excluded = Ids(await CommandLine.RunAsync(
            ["recommend", model, "--items", "book-0001,book-0002", "-n", "9", "--exclude", all[0], .. tsv]));
        Assert.Equal(all[1..], excluded);
        var only = Ids(await CommandLine.RunAsync(
            ["recommend", model, "--items", "book-0001,book-0002", "--only", $"{all[3]},{all[1]}", .. tsv]));
        Assert.Equal([all[1], all[3]], only);
    }

    [Theory]
    [InlineData("ease")]
    [InlineData("als")]
    public async Task A_new_user_is_asked_and_the_answers_are_recommended_from(string algorithm)
    {
        string model = _line.Path("onboard-" + algorithm);
        await CommandLine.RunAsync("fit", _line.Path("train.tsv"), "--model", algorithm, "-o", model);
        var shown = await CommandLine.RunAsync("onboard", model, "--likes", "book-0001,book-0002", "--unknown", "book-0003", "-q", "4", "-n", "5");
        Assert.True(shown.Code == 0, shown.Error);
        Assert.Contains("worth", shown.Out, StringComparison.Ordinal);

        string[] tsv = ["-q", "0", "-n", "5", "--output-format", "tsv"];
        var history = Ids(await CommandLine.RunAsync(["recommend", model, "--items", "book-0001,book-0002", .. tsv[2..]]));
        Assert.Equal(history, Ids(await CommandLine.RunAsync(["onboard", model, "--likes", "book-0001,book-0002", .. tsv])));

        using var answers = new StringReader("y\nn\n?\n");
        var asked = await CommandLine.RunAsync(answers, "onboard", model, "--ask", "-q", "3", "-n", "5", "--output-format", "tsv");
        Assert.Equal(0, asked.Code);
        Assert.Contains("3. ", asked.Error, StringComparison.Ordinal);
        Assert.Equal(5, Ids(asked).Length);

        var twice = await CommandLine.RunAsync("onboard", model, "--likes", "book-0001", "--unknown", "book-0001");
        Assert.Equal(2, twice.Code);
    }

    [Fact]
    public async Task Evaluate_writes_the_documented_json()
    {
        string file = _line.Path("evaluation.json");
        var outcome = await CommandLine.RunAsync(
            "evaluate", "--train", _line.Path("train.tsv"), "--fold-in", _line.Path("foldin.tsv"), "--held-out", _line.Path("heldout.tsv"),
            "--model", "ease", "--regularization", "50", "--metrics", "recall@20,ndcg@100", "--json", file);
        Assert.True(outcome.Code == 0, outcome.Error);
        Assert.Contains("recall@20", outcome.Out, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(file));
        var root = json.RootElement;
        Assert.Equal("ease", root.GetProperty("model").GetString());
        Assert.Equal(50, root.GetProperty("options").GetProperty("regularization").GetDouble());
        Assert.InRange(root.GetProperty("metrics").GetProperty("recall@20").GetDouble(), 0.2, 1);
        Assert.InRange(root.GetProperty("metrics").GetProperty("ndcg@100").GetDouble(), 0.2, 1);
        Assert.True(root.GetProperty("seconds").GetProperty("fit").GetDouble() > 0);
        Assert.True(root.GetProperty("peak_rss_bytes").GetInt64() > 0);
    }

    private static string[] ErrorLines(CommandLine.Outcome outcome) =>
        [.. outcome.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => l.StartsWith("recsys: ", StringComparison.Ordinal))];

    private static string[] Ids(CommandLine.Outcome outcome) =>
        [.. outcome.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split('\t')[0])];

    [Theory]
    [InlineData("serve", "model", "--itemsfile", "x.csv")]
    [InlineData("inspect", "--weight")]
    [InlineData("recommend", "--user", "1", "--top")]
    public async Task An_option_that_there_is_not_is_named_and_not_taken_for_a_file(params string[] args)
    {
        var (code, _, error) = await CommandLine.RunAsync(args);
        Assert.Equal(2, code);
        Assert.StartsWith($"recsys: unknown option '{args.Last(a => a.StartsWith("--", StringComparison.Ordinal))}' (see recsys {args[0]} --help)", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_of_items_come_from_a_catalogue_whose_ids_may_be_others()
    {
        string model = _line.Path("model-names"), items = _line.Path("items.csv"), ids = _line.Path("ids.tsv");
        await CommandLine.RunAsync("fit", _line.Path("train.tsv"), "--model", "popularity", "-o", model);
        await File.WriteAllTextAsync(items, "movieId,title,genres\n" + string.Concat(Enumerable.Range(1, 100).Select(i => $"{i},Title {i},Drama\n")));
        await File.WriteAllTextAsync(ids, string.Concat(Enumerable.Range(1, 100).Select(i => $"book-{i:D4}\t{i}\n")));
        var shown = await CommandLine.RunAsync("recommend", model, "--items", "book-0001", "-n", "3", "--items-file", items, "--item-ids", ids);
        Assert.Equal((0, ""), (shown.Code, shown.Error));
        Assert.Contains("Title ", shown.Out, StringComparison.Ordinal);

        var alone = await CommandLine.RunAsync("recommend", model, "--items", "book-0001", "--item-ids", ids);
        Assert.Equal(2, alone.Code);
        Assert.Contains("--item-ids needs --items-file", alone.Error, StringComparison.Ordinal);
    }
}
