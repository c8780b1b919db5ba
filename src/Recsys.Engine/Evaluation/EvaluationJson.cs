using System.Text.Encodings.Web;
using System.Text.Json;

namespace Recsys.Engine.Evaluation;

/// <summary>
/// Writes a run as one JSON object: <c>dataset, model, options, metrics, seconds, peak_rss_bytes</c> and more, listed in
/// docs/evaluation.md. Numbers JSON has not (NaN) are null.
/// </summary>
public static class EvaluationJson
{
    internal static readonly JsonWriterOptions WriterOptions = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes the object as UTF-8.</summary>
    public static void Write(EvaluationRun run, Stream stream)
    {
        using var json = new Utf8JsonWriter(stream, WriterOptions);
        var result = run.Result;
        json.WriteStartObject();
        json.WriteString("dataset", run.Dataset);
        json.WriteString("model", run.Model);
        json.WritePropertyName("options");
        run.Options.WriteTo(json);
        WriteMetrics(json, "metrics", result.Metrics);
        json.WriteStartObject("seconds");
        Number(json, "read", run.ReadSeconds);
        Number(json, "fit", run.FitSeconds);
        Number(json, "evaluate", run.EvaluateSeconds);
        json.WriteEndObject();
        json.WriteNumber("peak_rss_bytes", run.PeakRssBytes);
        WriteConfidence(json, "confidence", result.Metrics);
        WriteBootstrap(json, result.Options);
        WriteRest(json, run);
        json.WriteEndObject();
    }

    /// <summary>Writes the object to a file, which is replaced if it exists.</summary>
    /// <exception cref="RecsysException">The file cannot be written.</exception>
    public static void WriteFile(EvaluationRun run, string path) => OutputFile.Write(path, stream => Write(run, stream));

    /// <summary>Users, bands, curves, losses and weights of a run.</summary>
    internal static void WriteRest(Utf8JsonWriter json, EvaluationRun run)
    {
        WriteUsers(json, run.Result);
        WriteBands(json, run.Result);
        if (run.Result.Curves.Count > 0)
        {
            WriteMetrics(json, "curves", run.Result.Curves);
        }

        Numbers(json, "loss", run.Losses);
        WriteWeights(json, run.Weights);
    }

    internal static void WriteMetrics(Utf8JsonWriter json, string name, IReadOnlyList<MetricValue> metrics)
    {
        json.WriteStartObject(name);
        foreach (var metric in metrics)
        {
            Number(json, metric.Metric.ToString(), metric.Value);
        }

        json.WriteEndObject();
    }

    internal static void WriteConfidence(Utf8JsonWriter json, string name, IReadOnlyList<MetricValue> metrics)
    {
        json.WriteStartObject(name);
        foreach (var metric in metrics)
        {
            if (metric.Confidence is { } interval)
            {
                json.WriteStartObject(metric.Metric.ToString());
                Number(json, "low", interval.Low);
                Number(json, "high", interval.High);
                Number(json, "standard_error", interval.StandardError);
                json.WriteEndObject();
            }
        }

        json.WriteEndObject();
    }

    internal static void WriteBootstrap(Utf8JsonWriter json, EvaluationOptions options)
    {
        json.WriteStartObject("bootstrap");
        json.WriteNumber("resamples", options.Resamples);
        json.WriteNumber("confidence", options.Confidence);
        json.WriteNumber("seed", options.Seed);
        json.WriteEndObject();
    }

    private static void WriteUsers(Utf8JsonWriter json, EvaluationResult result)
    {
        json.WriteStartObject("users");
        json.WriteNumber("evaluated", result.Users);
        json.WriteNumber("without_held_out", result.UsersWithoutHeldOut);
        json.WriteNumber("unknown", result.UnknownUsers);
        json.WriteEndObject();
        json.WriteStartObject("held_out");
        json.WriteNumber("items", result.HeldOut);
        json.WriteNumber("unknown", result.HeldOutUnknown);
        json.WriteString("unknown_are", result.Options.UnknownAsMisses ? "missed" : "left out");
        json.WriteNumber("already_seen", result.HeldOutSeen);
        json.WriteNumber("unknown_history_items", result.UnknownHistoryItems);
        json.WriteEndObject();
    }

    private static void WriteBands(Utf8JsonWriter json, EvaluationResult result)
    {
        json.WriteStartObject("bands");
        foreach (var band in result.Bands)
        {
            json.WriteStartObject(Name(band.Band));
            json.WriteNumber("items", band.Items);
            json.WriteNumber("training_interactions", band.TrainingInteractions);
            json.WriteNumber("held_out", band.HeldOut);
            json.WriteNumber("users", band.Users);
            Number(json, $"exposure@{result.ExposureCutoff}", band.Exposure);
            WriteMetrics(json, "metrics", band.Metrics);
            WriteConfidence(json, "confidence", band.Metrics);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static string Name(PopularityBand band) => band switch
    {
        PopularityBand.Head => "head",
        PopularityBand.Mid => "mid",
        _ => "tail",
    };

    private static void WriteWeights(Utf8JsonWriter json, WeightHistogram? weights)
    {
        if (weights is null)
        {
            return;
        }

        json.WriteStartObject("weights");
        Number(json, "negative_share", weights.NegativeShare);
        Number(json, "zero_share", weights.ZeroShare);
        json.WriteBoolean("open_ended", weights.OpenEnded);
        Numbers(json, "edges", weights.Edges);
        json.WriteStartArray("counts");
        foreach (long count in weights.Counts)
        {
            json.WriteNumberValue(count);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Numbers(Utf8JsonWriter json, string name, IReadOnlyList<double> values)
    {
        json.WriteStartArray(name);
        foreach (double value in values)
        {
            if (double.IsFinite(value))
            {
                json.WriteNumberValue(value);
            }
            else
            {
                json.WriteNullValue();
            }
        }

        json.WriteEndArray();
    }

    internal static void Number(Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value))
        {
            json.WriteNumber(name, value);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
