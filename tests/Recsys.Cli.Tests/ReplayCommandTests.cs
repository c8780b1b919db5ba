using System.Text.Json.Nodes;

namespace Recsys.Cli.Tests;

public sealed class ReplayCommandTests : IDisposable
{
    private readonly CommandLine _line = new();

    public void Dispose() => _line.Dispose();

    [Fact]
    public async Task Replay_compares_strategies_and_writes_json_and_report()
    {
        string[] pairs = await File.ReadAllLinesAsync(_line.Path("train.tsv"));
        await File.WriteAllLinesAsync(_line.Path("timed.tsv"), pairs.Select((pair, e) => $"{pair}\t{3 + (e % 3)}\t{e * 7919 % pairs.Length}"));
        var outcome = await CommandLine.RunAsync(
            "replay", _line.Path("timed.tsv"), "--binary", "--negatives", "popularity:0.75", "--factors", "8", "--iterations", "2", "--bootstrap", "50",
            "--json", _line.Path("r.json"), "--report", _line.Path("r.html"));
        Assert.True(outcome.Code == 0, outcome.Error);
        Assert.Contains("lmf:popularity:0.75", outcome.Out, StringComparison.Ordinal);
        Assert.Contains("events/s", outcome.Out, StringComparison.Ordinal);
        var json = JsonNode.Parse(await File.ReadAllTextAsync(_line.Path("r.json")))!;
        Assert.Equal(
            ["frozen", "fold-in", "lmf:popularity:0.75", "ease", "popularity", "lmf-frozen:popularity:0.75"],
            json["strategies"]!.AsArray().Select(s => s!["strategy"]!.GetValue<string>()));
        Assert.InRange(json["strategies"]![0]!["metrics"]!["ndcg@20"]!.GetValue<double>(), 0.001, 1);
        Assert.StartsWith("<!DOCTYPE html>", await File.ReadAllTextAsync(_line.Path("r.html")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replay_says_what_it_cannot_work_with()
    {
        var timeless = await CommandLine.RunAsync("replay", _line.Path("train.tsv"));
        Assert.Equal(1, timeless.Code);
        Assert.Contains("--time-column", timeless.Error, StringComparison.Ordinal);
        var unknown = await CommandLine.RunAsync("replay", _line.Path("train.tsv"), "--strategies", "magic");
        Assert.Equal(2, unknown.Code);
        Assert.Contains("unknown strategy 'magic'", unknown.Error, StringComparison.Ordinal);
    }
}
