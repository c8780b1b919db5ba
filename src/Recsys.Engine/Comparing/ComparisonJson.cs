using System.Text.Json;
using Recsys.Engine.Evaluation;
using Recsys.Engine.Evaluation.Reporting;

namespace Recsys.Engine.Comparing;

/// <summary>
/// Writes a comparison as one JSON object: <c>{"models":[{"model", "metrics", "seconds", …}], …}</c>, listed in
/// docs/comparing.md. Numbers JSON has not (NaN) are null.
/// </summary>
public static class ComparisonJson
{
    /// <summary>Writes the object as UTF-8.</summary>
    public static void Write(ComparisonResult result, Stream stream)
    {
        ArgumentNullException.ThrowIfNull(result);
        using var json = new Utf8JsonWriter(stream, EvaluationJson.WriterOptions);
        json.WriteStartObject();
        json.WriteString("dataset", result.Dataset);
        json.WriteStartArray("models");
        foreach (var model in result.Models)
        {
            WriteModel(json, model);
        }

        json.WriteEndArray();
        json.WriteString("compared_with", result.Reference);
        json.WriteStartArray("comparisons");
        foreach (var comparison in result.Comparisons)
        {
            WriteComparison(json, comparison);
        }

        json.WriteEndArray();
        EvaluationJson.WriteBootstrap(json, result.Models[0].Run.Result.Options);
        EvaluationJson.Number(json, "seconds_read", result.Models[0].Run.ReadSeconds);
        json.WriteEndObject();
    }

    /// <summary>Writes the object to a file, which is replaced if it exists.</summary>
    /// <exception cref="RecsysException">The file cannot be written.</exception>
    public static void WriteFile(ComparisonResult result, string path) => OutputFile.Write(path, stream => Write(result, stream));

    private static void WriteModel(Utf8JsonWriter json, ComparedModel model)
    {
        var run = model.Run;
        json.WriteStartObject();
        json.WriteString("model", model.Label);
        json.WriteString("algorithm", model.Algorithm);
        EvaluationJson.WriteMetrics(json, "metrics", run.Result.Metrics);
        EvaluationJson.Number(json, "seconds", model.Seconds);
        EvaluationJson.Number(json, "seconds_shared", model.SharedSeconds);
        EvaluationJson.Number(json, "seconds_evaluate", run.EvaluateSeconds);
        json.WriteNumber("peak_rss_bytes", run.PeakRssBytes);
        json.WritePropertyName("options");
        run.Options.WriteTo(json);
        EvaluationJson.WriteConfidence(json, "confidence", run.Result.Metrics);
        WriteBlend(json, model);
        EvaluationJson.WriteRest(json, run);
        json.WriteEndObject();
    }

    private static void WriteBlend(Utf8JsonWriter json, ComparedModel model)
    {
        if (model.Blend is not { } fit)
        {
            return;
        }

        json.WriteStartObject("blend");
        json.WriteNumber("validation_users", fit.Users);
        EvaluationJson.Number(json, "validation", fit.Value);
        json.WriteStartObject("validation_of_members");
        for (int m = 0; m < model.Members.Count; m++)
        {
            EvaluationJson.Number(json, model.Members[m], fit.MemberValues[m]);
        }

        json.WriteEndObject();
        json.WriteNumber("share_of_bands", fit.BandShare);
        json.WriteStartArray("bands");
        for (int b = 0; b < fit.Weights.Bands; b++)
        {
            json.WriteStartObject();
            json.WriteNumber("from_items", fit.Weights.Starts[b]);
            json.WriteStartObject("weights");
            for (int m = 0; m < model.Members.Count; m++)
            {
                EvaluationJson.Number(json, model.Members[m], Math.Round(fit.Weights.Of(b)[m], 6));
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteComparison(Utf8JsonWriter json, ReportComparison comparison)
    {
        json.WriteStartObject();
        json.WriteString("model", comparison.Candidate);
        json.WriteStartObject("differences");
        foreach (var metric in comparison.Metrics)
        {
            json.WriteStartObject(metric.Metric.ToString());
            EvaluationJson.Number(json, "difference", metric.Difference);
            EvaluationJson.Number(json, "low", metric.Confidence.Low);
            EvaluationJson.Number(json, "high", metric.Confidence.High);
            EvaluationJson.Number(json, "p", metric.PValue);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }
}
