using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Recsys.Engine.Evaluation;

namespace Recsys.Engine.Tuning;

/// <summary>Writes a search as one JSON object: dataset, metric, end, seconds, best, test, command, trials (docs/tuning.md).</summary>
public static class TuningJson
{
    private static readonly JsonSerializerOptions Layout = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes the object to a file, which is replaced if it exists.</summary>
    /// <param name="result">What was found.</param>
    /// <param name="dataset">What it was found on.</param>
    /// <param name="command">The command that trains the best model.</param>
    /// <param name="test">What the best model reached on a test part; null where there is none.</param>
    /// <param name="path">The file.</param>
    /// <exception cref="RecsysException">The file cannot be written.</exception>
    public static void WriteFile(TuningResult result, string dataset, string command, EvaluationResult? test, string path)
    {
        var json = new JsonObject
        {
            ["dataset"] = dataset,
            ["metric"] = result.Metric.ToString(),
            ["end"] = result.End switch { TuningEnd.OutOfTime => "out of time", TuningEnd.Cancelled => "cancelled", _ => "finished" },
            ["seconds"] = Math.Round(result.Seconds, 3),
            ["best"] = result.Best is null ? null : ToJson(result.Best),
            ["best_of_each"] = new JsonArray([.. result.BestOfEach.Select(ToJson)]),
            ["command"] = command,
        };
        if (test is not null)
        {
            json["test"] = new JsonObject(test.Metrics.Select(m => KeyValuePair.Create(m.Metric.ToString(), Number(m.Value))));
        }

        json["trials"] = new JsonArray([.. TuningResult.Ranked(result.Trials).Select(ToJson)]);
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(json.ToJsonString(Layout) + "\n");
        OutputFile.Write(path, stream => stream.Write(bytes));
    }

    private static JsonObject ToJson(Trial trial) => new()
    {
        ["trial"] = trial.Number,
        ["rung"] = trial.Rung,
        ["model"] = trial.Model,
        ["options"] = new JsonObject(trial.Options.Select(o => KeyValuePair.Create(o.Key, (JsonNode?)JsonValue.Create(o.Value)))),
        ["items"] = trial.Items,
        ["value"] = Number(trial.Value),
        ["standard_error"] = Number(trial.StandardError),
        ["fit_seconds"] = Math.Round(trial.FitSeconds, 3),
        ["evaluate_seconds"] = Math.Round(trial.EvaluateSeconds, 3),
        ["error"] = trial.Error,
    };

    private static JsonNode? Number(double value) => double.IsFinite(value) ? JsonValue.Create(value) : null;
}
