using System.Text.Json;

namespace Recsys.Cli.Tests;

public sealed class CompareCommandTests : IClassFixture<CommandLine>
{
    private const string Models = "popularity;ease:regularization=50;als:factors=8,iterations=3;blend:bands=2";
    private readonly CommandLine _line;

    public CompareCommandTests(CommandLine line) => _line = line;

    [Fact]
    public async Task Models_are_compared_with_intervals_significance_bands_time_and_memory()
    {
        var outcome = await CompareAsync("--models", Models, "--json", _line.Path("c.json"), "--report", _line.Path("c.html"), "--metrics", "ndcg@20,recall@5");
        Assert.True(outcome.Code == 0, outcome.Error);
        foreach (string part in new[] { "against ", "by popularity", "item-item weights", "blend: history", "cross-validated", "peak memory" })
        {
            Assert.Contains(part, outcome.Out, StringComparison.Ordinal);
        }

        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(_line.Path("c.json")));
        var models = json.RootElement.GetProperty("models").EnumerateArray().ToDictionary(m => m.GetProperty("model").GetString()!);
        Assert.Equal(["popularity", "ease", "als", "blend"], models.Keys);
        foreach (var model in models.Values)
        {
            Assert.InRange(model.GetProperty("metrics").GetProperty("ndcg@20").GetDouble(), 0.01, 1);
            Assert.True(model.GetProperty("seconds").GetDouble() >= 0);
            Assert.True(model.GetProperty("peak_rss_bytes").GetInt64() > 1 << 20);
            var interval = model.GetProperty("confidence").GetProperty("ndcg@20");
            Assert.InRange(model.GetProperty("metrics").GetProperty("ndcg@20").GetDouble(), interval.GetProperty("low").GetDouble(), interval.GetProperty("high").GetDouble());
            Assert.True(model.GetProperty("bands").GetProperty("tail").GetProperty("held_out").GetInt64() > 0);
        }

        double Ndcg(string model) => models[model].GetProperty("metrics").GetProperty("ndcg@20").GetDouble();
        Assert.True(Ndcg("blend") > Ndcg("popularity"));
        string best = models.Keys.MaxBy(Ndcg)!;
        Assert.Equal(best, json.RootElement.GetProperty("compared_with").GetString());
        var comparisons = json.RootElement.GetProperty("comparisons").EnumerateArray().ToList();
        Assert.Equal(models.Keys.Where(m => m != best), comparisons.Select(c => c.GetProperty("model").GetString()!));
        foreach (var comparison in comparisons)
        {
            var difference = comparison.GetProperty("differences").GetProperty("ndcg@20");
            Assert.Equal(Ndcg(comparison.GetProperty("model").GetString()!) - Ndcg(best), difference.GetProperty("difference").GetDouble(), 1e-9);
            Assert.InRange(difference.GetProperty("p").GetDouble(), 0.0009, 1);
        }

        var blend = models["blend"].GetProperty("blend");
        Assert.Equal(["popularity", "ease", "als"], blend.GetProperty("bands")[0].GetProperty("weights").EnumerateObject().Select(w => w.Name));
        Assert.True(blend.GetProperty("validation_users").GetInt32() is > 0 and <= 25);
        Assert.Contains("blend", await File.ReadAllTextAsync(_line.Path("c.html")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_blend_of_a_comparison_has_the_weights_of_the_validation_files_and_names_its_members()
    {
        string[] validation = ["--validation-fold-in", _line.Path("foldin.tsv"), "--validation-held-out", _line.Path("heldout.tsv")];
        var outcome = await CompareAsync(
            [.. validation, "--models", "a=als:factors=8,iterations=3;e=ease:regularization=50;popularity;blend:members=e+a", "--json", _line.Path("v.json"), "--against", "e"]);
        Assert.True(outcome.Code == 0, outcome.Error);
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(_line.Path("v.json")));
        var models = json.RootElement.GetProperty("models").EnumerateArray().ToDictionary(m => m.GetProperty("model").GetString()!);
        var blend = models["blend"].GetProperty("blend");
        Assert.Equal("e", json.RootElement.GetProperty("compared_with").GetString());

        // validated and tested on the same users: each member's figure must be its own
        var alone = blend.GetProperty("validation_of_members");
        Assert.Equal(["e", "a"], alone.EnumerateObject().Select(m => m.Name));
        Assert.Equal(models["a"].GetProperty("metrics").GetProperty("ndcg@100").GetDouble(), alone.GetProperty("a").GetDouble(), 1e-9);
        Assert.Equal(models["e"].GetProperty("metrics").GetProperty("ndcg@100").GetDouble(), alone.GetProperty("e").GetDouble(), 1e-9);
    }

    [Fact]
    public async Task Weak_test_files_split_the_training_data_for_the_weights()
    {
        var outcome = await CommandLine.RunAsync(
            "compare", "--train", _line.Path("train.tsv"), "--test", _line.Path("train2.tsv"), "--models", "popularity,ease,blend", "--bootstrap", "0");
        Assert.True(outcome.Code == 1, outcome.Out);

        await WeakAsync();
        outcome = await CommandLine.RunAsync(
            "compare", "--train", _line.Path("weak/train.tsv"), "--test", _line.Path("weak/test.tsv"), "--models", "popularity,ease,blend", "--bootstrap", "0");
        Assert.True(outcome.Code == 0, outcome.Error);
        Assert.Contains("recall_full@20", outcome.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("against ", outcome.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Blends_that_share_a_split_are_what_they_are_by_themselves()
    {
        const string Few = "popularity;als:factors=8,iterations=3;ease:regularization=50;";
        foreach (var (models, file) in new[] { (Few + "one=blend:members=ease+als;two=blend:bands=1", "both.json"), (Few + "one=blend:members=ease+als", "one.json") })
        {
            var outcome = await CompareAsync("--models", models, "--json", _line.Path(file), "--bootstrap", "0");
            Assert.True(outcome.Code == 0, outcome.Error);
            // EASE needs no training of its own for it: users are left out of the one there is.
            Assert.DoesNotContain("validation ease", outcome.Error, StringComparison.Ordinal);
            int trainings = outcome.Error.Split('\n').Count(l => l.Contains("validation als: iteration 3/3", StringComparison.Ordinal));
            Assert.Equal(1, trainings);
        }

        Assert.Equal(Blend("one.json", "one"), Blend("both.json", "one"));
        Assert.NotEqual(Blend("both.json", "two"), Blend("both.json", "one"));

        string Blend(string file, string label)
        {
            using var json = JsonDocument.Parse(File.ReadAllText(_line.Path(file)));
            var model = json.RootElement.GetProperty("models").EnumerateArray().First(m => m.GetProperty("model").GetString() == label);
            return model.GetProperty("metrics").GetRawText() + model.GetProperty("blend").GetProperty("bands").GetRawText();
        }
    }

    [Fact]
    public async Task Clipped_and_pruned_models_of_one_solution_are_those_trained_by_themselves()
    {
        var preset = await CompareAsync("--preset", "negative-weights", "--models", "ease:regularization=50;popularity", "--json", _line.Path("p.json"), "--bootstrap", "0");
        Assert.True(preset.Code == 0, preset.Error);
        var alone = new List<string>();
        foreach (string options in new[] { "", ",non-negative=clip", ",non-negative=constrained", ",sparsify=0.1", ",sparsify=0.01", ",sparsify=0.001" })
        {
            var one = await CompareAsync("--models", "ease:regularization=50" + options, "--json", _line.Path("one.json"), "--bootstrap", "0");
            Assert.True(one.Code == 0, one.Error);
            alone.Add(Metrics(_line.Path("one.json"))[0]);
        }

        string[] together = Metrics(_line.Path("p.json"));
        Assert.Equal(alone, together[..^1]);
        Assert.Contains("pruned to 0.1 %", preset.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_samplers_are_compared_on_the_loss_and_options_given()
    {
        var outcome = await CompareAsync("--preset", "samplers", "--models", "bpr:factors=4,iterations=2", "--json", _line.Path("s.json"), "--bootstrap", "0");
        Assert.True(outcome.Code == 0, outcome.Error);
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(_line.Path("s.json")));
        var models = json.RootElement.GetProperty("models").EnumerateArray().ToList();
        Assert.Equal(["uniform", "popularity:0.75", "in-batch", "hard", "mixed"], models.Select(m => m.GetProperty("model").GetString()));
        Assert.All(models, m => Assert.Equal("bpr", m.GetProperty("algorithm").GetString()));
        Assert.Equal(5, models.Select(m => m.GetProperty("metrics").GetRawText()).Distinct().Count());
    }

    [Theory]
    [InlineData("--models", "als,nothing")]
    [InlineData("--models", "als:wings=3")]
    [InlineData("--models", "blend")]
    [InlineData("--models", "als;blend:members=ease")]
    [InlineData("--preset", "everything")]
    [InlineData("--against", "ease")]
    [InlineData("--metrics", "goodness@3")]
    [InlineData("--threads", "many")]
    [InlineData("--validation-fold-in", "foldin.tsv")]
    public async Task What_cannot_be_compared_is_told_in_one_line_before_anything_is_trained(string option, string value)
    {
        string[] models = option == "--models" ? [] : ["--models", "popularity,als"];
        var outcome = await CompareAsync([.. models, option, value]);
        Assert.Equal(2, outcome.Code);
        Assert.Single(outcome.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries), l => l.StartsWith("recsys:", StringComparison.Ordinal));
        Assert.DoesNotContain("iteration 1/", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_blend_is_fitted_saved_inspected_and_asked_like_any_model()
    {
        string model = _line.Path("model-blend");
        var fit = await CommandLine.RunAsync(
            "fit", _line.Path("train.tsv"), "--model", "blend", "--members", "als:factors=8,iterations=3;ease:regularization=50;popularity", "-o", model);
        Assert.True(fit.Code == 0, fit.Error);
        var inspect = await CommandLine.RunAsync("inspect", model, "--weights");
        Assert.Contains("als:factors=8,iterations=3;ease:regularization=50;popularity", inspect.Out, StringComparison.Ordinal);
        Assert.Contains("weights: history", inspect.Out, StringComparison.Ordinal);
        Assert.Contains("validation ndcg@100", inspect.Out, StringComparison.Ordinal);

        var recommend = await CommandLine.RunAsync("recommend", model, "--user", "reader-0001", "-n", "5", "--output-format", "json", "--explain");
        Assert.True(recommend.Code == 0, recommend.Error);
        using var json = JsonDocument.Parse(recommend.Out);
        Assert.Equal("blend", json.RootElement.GetProperty("model").GetString());
        foreach (var item in json.RootElement.GetProperty("items").EnumerateArray())
        {
            double sum = item.GetProperty("baseline").GetDouble() + item.GetProperty("reasons").EnumerateArray().Sum(r => r.GetProperty("contribution").GetDouble());
            Assert.Equal(item.GetProperty("score").GetDouble(), sum, 1e-4);
        }

        var similar = await CommandLine.RunAsync("similar", model, "book-0001", "-n", "3", "--output-format", "tsv");
        Assert.True(similar.Code == 0, similar.Error);
        Assert.Equal(3, similar.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        var evaluate = await CommandLine.RunAsync(
            "evaluate", "--load", model, "--fold-in", _line.Path("foldin.tsv"), "--held-out", _line.Path("heldout.tsv"), "--bootstrap", "0");
        Assert.True(evaluate.Code == 0, evaluate.Error);
    }

    private static string[] Metrics(string file)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(file));
        return [.. json.RootElement.GetProperty("models").EnumerateArray().Select(m => m.GetProperty("metrics").GetRawText().Replace(" ", "", StringComparison.Ordinal))];
    }

    private async Task WeakAsync()
    {
        var split = await CommandLine.RunAsync("split", _line.Path("train.tsv"), "--strategy", "weak", "-o", _line.Path("weak"));
        Assert.True(split.Code == 0, split.Error);
    }

    private Task<CommandLine.Outcome> CompareAsync(params string[] arguments) => CommandLine.RunAsync(
        ["compare", "--train", _line.Path("train.tsv"), "--fold-in", _line.Path("foldin.tsv"), "--held-out", _line.Path("heldout.tsv"), .. arguments]);
}
