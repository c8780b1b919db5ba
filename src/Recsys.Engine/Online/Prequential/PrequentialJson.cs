using System.Text.Encodings.Web;
using System.Text.Json;
using Recsys.Engine.Evaluation;

namespace Recsys.Engine.Online.Prequential;

/// <summary>
/// Writes a replay as <c>{"strategies":[{"strategy":…,"metrics":{"ndcg@20":…},…},…]}</c>. Every strategy also has
/// <c>confidence</c>, <c>gain</c> (over the first strategy), <c>bands</c>, <c>slices</c>, <c>seconds</c>, <c>events_per_second</c>,
/// and what it was evaluated on. Numbers JSON has not (NaN) are null.
/// </summary>
public static class PrequentialJson
{
    private static readonly JsonWriterOptions WriterOptions = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes the object as UTF-8.</summary>
    public static void Write(PrequentialResult result, Stream stream)
    {
        using var json = new Utf8JsonWriter(stream, WriterOptions);
        json.WriteStartObject();
        json.WriteStartArray("strategies");
        foreach (var strategy in result.Strategies)
        {
            Write(json, result, strategy);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Writes the object to a file, which is replaced if it exists.</summary>
    /// <exception cref="RecsysException">The file cannot be written.</exception>
    public static void WriteFile(PrequentialResult result, string path) => OutputFile.Write(path, stream => Write(result, stream));

    private static void Write(Utf8JsonWriter json, PrequentialResult result, StrategyResult strategy)
    {
        json.WriteStartObject();
        json.WriteString("strategy", strategy.Strategy);
        Values(json, "metrics", strategy.Metrics);
        Intervals(json, "confidence", strategy.Metrics);
        if (strategy.Gains.Count > 0)
        {
            json.WriteStartObject("gain");
            json.WriteString("over", result.Strategies[0].Strategy);
            Values(json, "metrics", strategy.Gains);
            Intervals(json, "confidence", strategy.Gains);
            json.WriteEndObject();
        }

        json.WriteStartObject("bands");
        for (int band = 0; band < result.Bands.Count; band++)
        {
            json.WriteStartObject(PrequentialQuestions.BandNames[band]);
            json.WriteNumber("events", result.Bands[band]);
            MetricValue[] values = [.. strategy.Bands.Select(b => b[band])];
            Values(json, "metrics", values);
            Intervals(json, "confidence", values);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteStartObject("slices");
        json.WriteStartArray("until");
        foreach (long time in result.SliceTimes)
        {
            json.WriteNumberValue(time);
        }

        json.WriteEndArray();
        for (int m = 0; m < strategy.Metrics.Count; m++)
        {
            json.WriteStartArray(strategy.Metrics[m].Metric.ToString());
            foreach (double value in strategy.Slices[m])
            {
                Number(json, value);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
        json.WriteStartObject("seconds");
        json.WriteNumber("train", strategy.TrainSeconds);
        json.WriteNumber("score", strategy.ScoreSeconds);
        json.WriteNumber("learn", strategy.LearnSeconds);
        json.WriteEndObject();
        json.WriteNumber("events_per_second", strategy.EventsPerSecond);
        json.WriteNumber("learned_per_second", strategy.LearnedPerSecond);
        json.WriteString("dataset", result.Dataset);
        json.WriteNumber("train_events", result.TrainEvents);
        json.WriteNumber("events", result.Events);
        json.WriteNumber("scored_events", result.Scored);
        json.WriteNumber("users", result.Users);
        json.WriteNumber("items", result.Items);
        json.WriteEndObject();
    }

    private static void Values(Utf8JsonWriter json, string name, IReadOnlyList<MetricValue> values)
    {
        json.WriteStartObject(name);
        foreach (var value in values)
        {
            json.WritePropertyName(value.Metric.ToString());
            Number(json, value.Value);
        }

        json.WriteEndObject();
    }

    private static void Intervals(Utf8JsonWriter json, string name, IReadOnlyList<MetricValue> values)
    {
        json.WriteStartObject(name);
        foreach (var value in values)
        {
            if (value.Confidence is { } interval)
            {
                json.WriteStartArray(value.Metric.ToString());
                Number(json, interval.Low);
                Number(json, interval.High);
                json.WriteEndArray();
            }
        }

        json.WriteEndObject();
    }

    private static void Number(Utf8JsonWriter json, double value)
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
}
