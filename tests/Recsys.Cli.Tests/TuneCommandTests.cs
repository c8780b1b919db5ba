using System.Text.Json.Nodes;
using System.Xml.Linq;

namespace Recsys.Cli.Tests;

public sealed class TuneCommandTests : IDisposable
{
    private readonly CommandLine _line = new();

    public void Dispose() => _line.Dispose();

    [Fact]
    public async Task Tune_writes_what_was_tried_the_command_of_the_best_and_the_model()
    {
        var outcome = await CommandLine.RunAsync(
            "tune", _line.Path("train.tsv"), "--binary", "--model", "ease,als", "--factors", "4,8", "--iterations", "2,4", "--trials", "6", "--metric", "ndcg@20",
            "--fold-in", _line.Path("foldin.tsv"), "--held-out", _line.Path("heldout.tsv"), "-o", _line.Path("model"),
            "--json", _line.Path("t.json"), "--report", _line.Path("t.html"), "--journal", _line.Path("t.jsonl"));
        Assert.True(outcome.Code == 0, outcome.Error);
        var json = JsonNode.Parse(await File.ReadAllTextAsync(_line.Path("t.json")))!;
        string command = json["command"]!.GetValue<string>();
        Assert.Contains($"best: {command}", outcome.Out, StringComparison.Ordinal);
        Assert.StartsWith($"recsys fit {_line.Path("train.tsv")} --binary --model ", command, StringComparison.Ordinal);
        Assert.Equal("ndcg@20", json["metric"]!.GetValue<string>());
        Assert.InRange(json["test"]!["ndcg@20"]!.GetValue<double>(), 0.01, 1);
        Assert.Equal(["ease", "als"], json["best_of_each"]!.AsArray().Select(b => b!["model"]!.GetValue<string>()));
        double best = json["best"]!["value"]!.GetValue<double>();
        Assert.Equal(json["trials"]!.AsArray().Max(t => t!["value"]!.GetValue<double>()), best);
        _ = XDocument.Parse((await File.ReadAllTextAsync(_line.Path("t.html"))).Replace("<!DOCTYPE html>", "", StringComparison.Ordinal));
        Assert.Equal(1 + json["trials"]!.AsArray().Count, (await File.ReadAllLinesAsync(_line.Path("t.jsonl"))).Length);

        var inspected = await CommandLine.RunAsync("inspect", _line.Path("model"));
        Assert.Contains("validation ndcg@20", inspected.Out, StringComparison.Ordinal);

        // The command line printed trains the same model.
        string[] words = [.. command.Split(' ').Skip(1)];
        words[^1] = _line.Path("again");
        var fit = await CommandLine.RunAsync(words);
        Assert.True(fit.Code == 0, fit.Error);
        string[] arrays = [.. Directory.GetFiles(_line.Path("model"), "*.safetensors").Select(f => Path.GetFileName(f)!)];
        Assert.NotEmpty(arrays);
        foreach (string array in arrays)
        {
            Assert.Equal(
                await File.ReadAllBytesAsync(Path.Combine(_line.Path("model"), array)), await File.ReadAllBytesAsync(Path.Combine(_line.Path("again"), array)));
        }
    }

    [Fact]
    public async Task Tune_goes_on_from_its_journal()
    {
        string[] command = ["tune", "--train", _line.Path("train.tsv"), "--model", "ease", "--trials", "5", "--journal", _line.Path("t.jsonl")];
        var first = await CommandLine.RunAsync(command);
        var second = await CommandLine.RunAsync(command);
        Assert.Equal(0, second.Code);
        Assert.Contains("5 trials are in", second.Error, StringComparison.Ordinal);
        Assert.Contains("5 trainings, 5 of them from the journal", second.Out, StringComparison.Ordinal);
        Assert.Equal(first.Out.Split('\n')[^2], second.Out.Split('\n')[^2]);
        var other = await CommandLine.RunAsync([.. command, "--split", "strong"]);
        Assert.Equal(1, other.Code);
        Assert.Contains("the journal is of another search", other.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tune_that_is_cancelled_says_how_to_go_on()
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        using var source = new CancellationTokenSource();
        var terminal = new Output.Terminal(output, new Watcher(error, line =>
        {
            if (line.StartsWith("tune:   3", StringComparison.Ordinal))
            {
                source.Cancel();
            }
        }), errorIsTerminal: false);
        int code = await CommandLineApp.RunAsync(
            ["tune", _line.Path("train.tsv"), "--model", "ease", "--journal", _line.Path("c.jsonl")], terminal, source.Token);
        Assert.Equal(1, code);
        Assert.Contains("c.jsonl keeps the trials so far: the same command goes on from them", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("best: recsys fit", output.ToString(), StringComparison.Ordinal);
        Assert.Equal(4, (await File.ReadAllLinesAsync(_line.Path("c.jsonl"))).Length);
    }

    [Theory]
    [InlineData("DATA or --train", "--model", "ease")]
    [InlineData("the span 9..1 is empty", "T", "--model", "ease", "--regularization", "9..1")]
    [InlineData("ease does not take --factors", "T", "--model", "ease", "--factors", "8")]
    [InlineData("none of ease, popularity takes --factors", "T", "--model", "ease,popularity", "--factors", "8")]
    [InlineData("unknown model 'magic'", "T", "--model", "ease,magic")]
    [InlineData("a metric of accuracy", "T", "--metric", "gini@20")]
    [InlineData("--minutes: expected 0 or more", "T", "--minutes", "-1")]
    [InlineData("go together", "T", "--validation-fold-in", "T")]
    public async Task Tune_says_what_it_cannot_work_with(string says, params string[] arguments)
    {
        var outcome = await CommandLine.RunAsync(["tune", .. arguments.Select(a => a == "T" ? _line.Path("train.tsv") : a)]);
        Assert.Equal(2, outcome.Code);
        Assert.Contains(says, outcome.Error, StringComparison.Ordinal);
    }

    private sealed class Watcher(StringWriter inner, Action<string> onLine) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            inner.WriteLine(value);
            onLine(value ?? "");
        }
    }
}
