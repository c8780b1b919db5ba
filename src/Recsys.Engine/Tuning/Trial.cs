namespace Recsys.Engine.Tuning;

/// <summary>One model of a search: its options and what it reached.</summary>
/// <param name="Model">The algorithm's name.</param>
/// <param name="Options">All options it was given, iterations included, by name.</param>
public sealed record Trial(string Model, IReadOnlyDictionary<string, string> Options)
{
    /// <summary>Its place in the order of the search, from 1; a configuration keeps it through its rungs.</summary>
    public int Number { get; init; }

    /// <summary>The rung it was measured on, from 0.</summary>
    public int Rung { get; init; }

    /// <summary>Items it was trained on where these were the most popular ones only; null: all. Others count as missed.</summary>
    public int? Items { get; init; }

    /// <summary>The metric on the validation part; NaN where it failed.</summary>
    public double Value { get; init; } = double.NaN;

    /// <summary>Standard error of it, by the spread over users; NaN where there is none.</summary>
    public double StandardError { get; init; } = double.NaN;

    /// <summary>Seconds of training.</summary>
    public double FitSeconds { get; init; }

    /// <summary>Seconds of measuring.</summary>
    public double EvaluateSeconds { get; init; }

    /// <summary>Why it failed; null where it did not.</summary>
    public string? Error { get; init; }

    /// <summary>Whether the journal knew it already.</summary>
    public bool FromJournal { get; init; }

    /// <summary>What tells it from others: model, options that change it, items.</summary>
    internal string Key => KeyOf(Model, Options, Items);

    /// <summary>The options as on the command line, the model first.</summary>
    public string CommandLine =>
        string.Join(' ', Options.Select(o => $"--{o.Key} {o.Value}").Prepend($"--model {Model}"));

    internal static string KeyOf(string model, IEnumerable<KeyValuePair<string, string>> options, int? items) => string.Join(
        ' ',
        options.Where(o => o.Key is not ("threads" or "partitions")).OrderBy(o => o.Key, StringComparer.Ordinal)
            .Select(o => $"{o.Key}={o.Value}").Prepend($"{model}/{items?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "all"}"));
}
