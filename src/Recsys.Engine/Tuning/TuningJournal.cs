using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Recsys.Engine.Evaluation;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Tuning;

/// <summary>
/// The trials of a search as a file of JSON lines, each forced to the disk before the search goes on. The first line says
/// what data and metric they belong to. A last line that was not written to its end is dropped when the file is opened.
/// </summary>
public sealed class TuningJournal : IDisposable
{
    private const string Kind = "recsys-tune-1";

    private readonly FileStream _file;
    private readonly Dictionary<string, Trial> _known = new(StringComparer.Ordinal);

    private TuningJournal(string path, FileStream file)
    {
        Path = path;
        _file = file;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Trials that were in the file when it was opened.</summary>
    public int Known => _known.Count;

    /// <summary>Opens the journal of a search, or begins one.</summary>
    /// <exception cref="RecsysException">
    /// The file cannot be read or written, is in use, is damaged, or belongs to other data or another metric.
    /// </exception>
    public static TuningJournal Open(string path, TuningData data, Metric metric)
    {
        ArgumentNullException.ThrowIfNull(data);
        FileStream file;
        bool isNew = !File.Exists(path);
        try
        {
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new RecsysException($"{path}: the journal cannot be opened: {e.Message}", e);
        }

        var journal = new TuningJournal(path, file);
        try
        {
            journal.ReadOrBegin(Header(data, metric));
            if (isNew)
            {
                DurableFiles.FlushDirectory(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!);
            }

            return journal;
        }
        catch
        {
            journal.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    /// <summary>The trial of this key if it was done before.</summary>
    internal Trial? Find(string key) => _known.GetValueOrDefault(key);

    /// <summary>Adds a trial; it is on the disk when this returns.</summary>
    internal void Append(Trial trial)
    {
        var options = new JsonObject();
        foreach (var (name, value) in trial.Options)
        {
            options[name] = value;
        }

        var line = new JsonObject
        {
            ["model"] = trial.Model,
            ["options"] = options,
            ["items"] = trial.Items,
            ["value"] = Number(trial.Value),
            ["standard_error"] = Number(trial.StandardError),
            ["fit_seconds"] = trial.FitSeconds,
            ["evaluate_seconds"] = trial.EvaluateSeconds,
        };
        if (trial.Error is { } error)
        {
            line["error"] = error;
        }

        WriteLine(line);
        _known[trial.Key] = trial;
    }

    private static JsonObject Header(TuningData data, Metric metric) => new()
    {
        ["journal"] = Kind,
        ["metric"] = metric.ToString(),
        ["train"] = data.Train.Fingerprint(),
        ["fold_in"] = data.FoldIn?.Fingerprint(),
        ["held_out"] = data.HeldOut.Fingerprint(),
    };

    private static JsonNode? Number(double value) => double.IsFinite(value) ? JsonValue.Create(value) : null;

    private void WriteLine(JsonObject line)
    {
        try
        {
            _file.Write(Encoding.UTF8.GetBytes(line.ToJsonString() + "\n"));
            _file.Flush(flushToDisk: true);
        }
        catch (IOException e)
        {
            throw new RecsysException($"{Path}: the journal cannot be written: {e.Message}", e);
        }
    }

    private void ReadOrBegin(JsonObject header)
    {
        byte[] bytes = new byte[_file.Length];
        _file.ReadExactly(bytes);
        int whole = Array.LastIndexOf(bytes, (byte)'\n') + 1;
        string[] lines = Encoding.UTF8.GetString(bytes, 0, whole).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        for (int n = 0; n < lines.Length; n++)
        {
            var line = Parse(lines[n], n + 1);
            if (n == 0)
            {
                RequireSame(header, line);
            }
            else
            {
                var trial = ReadTrial(line, n + 1);
                _known[trial.Key] = trial;
            }
        }

        // What follows the last whole line is a line that was being written when the process ended.
        _file.SetLength(whole);
        _file.Position = whole;
        if (lines.Length == 0)
        {
            WriteLine(header);
        }
    }

    private JsonObject Parse(string text, int line)
    {
        try
        {
            return JsonNode.Parse(text) as JsonObject ?? throw Damaged(line, "is no object");
        }
        catch (JsonException e)
        {
            throw Damaged(line, e.Message);
        }
    }

    private void RequireSame(JsonObject expected, JsonObject found)
    {
        if (found["journal"]?.ToString() != Kind)
        {
            throw new RecsysException($"{Path}: not a journal of recsys tune (its first line does not say {Kind})");
        }

        foreach (var (name, value) in expected)
        {
            if (found[name]?.ToString() != value?.ToString())
            {
                string what = name == "metric" ? $"metric {found[name]}" : $"data ({name})";
                throw new RecsysException($"{Path}: the journal is of another search, with other {what}: name another file, or delete it");
            }
        }
    }

    private Trial ReadTrial(JsonObject line, int number)
    {
        try
        {
            var options = line["options"]!.AsObject().ToDictionary(o => o.Key, o => o.Value!.GetValue<string>());
            return new Trial(line["model"]!.GetValue<string>(), options)
            {
                Items = line["items"]?.GetValue<int>(),
                Value = line["value"]?.GetValue<double>() ?? double.NaN,
                StandardError = line["standard_error"]?.GetValue<double>() ?? double.NaN,
                FitSeconds = line["fit_seconds"]!.GetValue<double>(),
                EvaluateSeconds = line["evaluate_seconds"]!.GetValue<double>(),
                Error = line["error"]?.GetValue<string>(),
                FromJournal = true,
            };
        }
        catch (Exception e) when (e is NullReferenceException or InvalidOperationException or FormatException)
        {
            throw Damaged(number, "does not describe a trial");
        }
    }

    private RecsysException Damaged(int line, string why) => new($"{Path}, line {line}: the journal is damaged: {why}");
}
