using System.Text.Json;
using System.Text.Json.Nodes;
using Recsys.Engine.Evaluation;

namespace Recsys.Engine.Tests.Evaluation;

public sealed class EvaluationJsonTests
{
    [Fact]
    public void The_object_has_the_promised_shape()
    {
        var run = SampleRuns.One("als") with { ReadSeconds = 1.5, FitSeconds = 2.25, PeakRssBytes = 123_456_789, Losses = [3, 2, double.NaN] };
        var json = Write(run);
        Assert.Equal(["dataset", "model", "options", "metrics", "seconds", "peak_rss_bytes"], json.AsObject().Select(p => p.Key).Take(6));
        Assert.Equal(run.Dataset, (string?)json["dataset"]);
        Assert.Equal("als", (string?)json["model"]);
        Assert.Equal(16, (int?)json["options"]!["factors"]);
        Assert.Equal(run.Result["recall@5"], (double?)json["metrics"]!["recall@5"]);
        Assert.Equal(run.Result.Metrics.Select(m => m.Metric.ToString()), json["metrics"]!.AsObject().Select(p => p.Key));
        Assert.Equal(1.5, (double?)json["seconds"]!["read"]);
        Assert.Equal(2.25, (double?)json["seconds"]!["fit"]);
        Assert.Equal(run.Result.Seconds, (double?)json["seconds"]!["evaluate"]);
        Assert.Equal(123_456_789, (long?)json["peak_rss_bytes"]);
        Assert.Equal(run.Result.Users, (int?)json["users"]!["evaluated"]);
        Assert.Equal(run.Result.HeldOut, (long?)json["held_out"]!["items"]);
        Assert.Equal("[3,2,null]", json["loss"]!.ToJsonString());
    }

    [Fact]
    public void Intervals_and_bands_are_there()
    {
        var run = SampleRuns.One("als");
        var json = Write(run);
        var interval = run.Result.Metrics.First(m => m.Metric.ToString() == "recall@5").Confidence!.Value;
        Assert.Equal(interval.Low, (double?)json["confidence"]!["recall@5"]!["low"]);
        Assert.Equal(interval.High, (double?)json["confidence"]!["recall@5"]!["high"]);
        Assert.Null(json["confidence"]!["coverage@5"]);
        Assert.Equal(["head", "mid", "tail"], json["bands"]!.AsObject().Select(p => p.Key));
        Assert.Equal(run.Result.Bands[2][Metric.Parse("recall@5")], (double?)json["bands"]!["tail"]!["metrics"]!["recall@5"]);
        Assert.Equal(run.Result.Bands[0].Exposure, (double?)json["bands"]!["head"]!["exposure@5"]);
        Assert.Equal(run.Result.Curves.Count, json["curves"]!.AsObject().Count);
    }

    [Fact]
    public void Weights_are_written_where_there_are_some()
    {
        Assert.Null(Write(SampleRuns.One("als"))["weights"]);
        var json = Write(SampleRuns.One("ease") with { Weights = new WeightHistogram([-1, 0, 1], [3, 2], 0.6) });
        Assert.Equal(0.6, (double?)json["weights"]!["negative_share"]);
        Assert.Equal("[3,2]", json["weights"]!["counts"]!.ToJsonString());
        Assert.Equal(3, json["weights"]!["edges"]!.AsArray().Count);
    }

    [Fact]
    public void Text_of_any_kind_survives()
    {
        const string Name = "a \"quoted\" <name> & ünï\u0001😀";
        Assert.Equal(Name, (string?)Write(SampleRuns.One("als") with { Dataset = Name })["dataset"]);
    }

    [Fact]
    public void A_file_is_replaced_and_a_bad_path_is_an_error_of_one_line()
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            File.WriteAllText(path, new string('x', 1_000_000));
            EvaluationJson.WriteFile(SampleRuns.One("als"), path);
            using var parsed = JsonDocument.Parse(File.ReadAllBytes(path));
            Assert.Equal("als", parsed.RootElement.GetProperty("model").GetString());
        }
        finally
        {
            File.Delete(path);
        }

        var error = Assert.Throws<RecsysException>(() => EvaluationJson.WriteFile(SampleRuns.One("als"), Path.Combine(path, "no", "such")));
        Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Peak_memory_is_read()
    {
        Assert.True(PeakMemory.TryParse("VmHWM:\t   12345 kB", out long bytes));
        Assert.Equal(12345 * 1024, bytes);
        Assert.False(PeakMemory.TryParse("VmRSS:\t   12345 kB", out _));
        Assert.False(PeakMemory.TryParse("VmHWM:", out _));
        Assert.InRange(PeakMemory.Bytes(), 10L << 20, 1L << 40);
    }

    private static JsonNode Write(EvaluationRun run)
    {
        using var stream = new MemoryStream();
        EvaluationJson.Write(run, stream);
        return JsonNode.Parse(stream.ToArray())!;
    }
}
