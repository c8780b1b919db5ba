using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Recsys.Cli.Output;
using Recsys.Client;

namespace Recsys.Cluster.Tests.Client;

public sealed partial class LoadTestTests
{
    /// <summary>Nobody listens there.</summary>
    private static readonly string[] Nowhere = ["--gateways", "127.0.0.1:1"];

    [Fact]
    public async Task A_dry_run_prints_what_a_real_one_would_and_needs_no_cluster()
    {
        var (code, output, error) = await RunAsync("--dry-run", "--rate", "2000", "--seconds", "0.5", "--warm-up", "0.1");
        Assert.Equal((0, ""), (code, error));
        Assert.Matches(Lines(), output);
    }

    [Fact]
    public async Task All_calls_of_a_dry_run_are_answered_and_their_latency_is_that_of_the_machine()
    {
        var (code, output, _) = await RunAsync("--dry-run", "--rate", "1000", "--seconds", "0.5", "--warm-up", "0", "--json");
        var json = JsonNode.Parse(output)!.AsObject();
        Assert.Equal(0, code);
        Assert.Equal(
            ["rate", "calls_per_second", "p50_ms", "p90_ms", "p99_ms", "p999_ms", "max_ms", "failed", "repeated", "late"],
            json.Select(p => p.Key));
        Assert.Equal((1000, 1000, 0, 0), ((double)json["rate"]!, (double)json["calls_per_second"]!, (int)json["failed"]!, (int)json["repeated"]!));
        Assert.InRange((double)json["p50_ms"]!, 0, (double)json["max_ms"]!);
    }

    [Theory]
    [InlineData("--dry-run")]
    [InlineData("--dry-run", "--rate", "0")]
    [InlineData("--dry-run", "--rate", "100", "--find-saturation")]
    public async Task A_dry_run_is_for_a_rate(params string[] options)
    {
        var (code, output, error) = await RunAsync(options);
        Assert.Equal((2, ""), (code, output));
        Assert.Equal("recsys-client: load-test: --dry-run needs a --rate above 0, without --find-saturation", error.TrimEnd());
    }

    private static async Task<(int Code, string Out, string Error)> RunAsync(params string[] options)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        int code = await ClientApp.RunAsync(["load-test", .. Nowhere, .. options], new Terminal(output, error, errorIsTerminal: false), default);
        return (code, output.ToString(), error.ToString());
    }

    [GeneratedRegex(@"^2,000 calls/s \(open loop, 2,000 asked for\): p50 \d+\.\d\d ms, p90 \d+\.\d\d ms, p99 \d+\.\d\d ms, p99\.9 \d+\.\d\d ms, max \d+\.\d ms\r?\n0 failed, 0 attempts repeated, \d+ sent late\r?\n$")]
    private static partial Regex Lines();
}
