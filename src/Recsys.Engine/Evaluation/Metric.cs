using System.Globalization;

namespace Recsys.Engine.Evaluation;

/// <summary>A metric at a cutoff: the first <paramref name="K"/> places of each ranking. Written <c>recall@20</c>.</summary>
/// <param name="Kind">What is measured.</param>
/// <param name="K">Places of the ranking that count, at least 1.</param>
public readonly record struct Metric(MetricKind Kind, int K)
{
    private static readonly (string Name, MetricKind Kind, string Description)[] Table =
    [
        ("recall", MetricKind.Recall, "hits / min(K, held-out)"),
        ("recall_full", MetricKind.RecallFull, "hits / held-out"),
        ("ndcg", MetricKind.Ndcg, "discounted cumulative gain / its ideal"),
        ("precision", MetricKind.Precision, "hits / K"),
        ("hit_rate", MetricKind.HitRate, "users with at least one hit"),
        ("mrr", MetricKind.Mrr, "1 / rank of the first hit"),
        ("map", MetricKind.Map, "mean precision at the hits / min(K, held-out)"),
        ("coverage", MetricKind.Coverage, "share of the catalogue recommended to anyone"),
        ("novelty", MetricKind.Novelty, "mean −log2 popularity share of what is recommended, bits"),
        ("gini", MetricKind.Gini, "inequality of how often items are recommended"),
    ];

    /// <summary>The names of all metrics, in the order of <see cref="MetricKind"/>.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Table.Select(row => row.Name)];

    /// <summary>The name without the cutoff, e.g. <c>recall_full</c>.</summary>
    public string Name => Table[(int)Kind].Name;

    /// <summary>A few words that say what is measured.</summary>
    public string Description => Table[(int)Kind].Description;

    /// <summary>Whether each user has an own value (and the metric therefore a confidence interval).</summary>
    public bool IsPerUser => Kind is not (MetricKind.Coverage or MetricKind.Gini);

    /// <summary>Whether the metric compares the ranking with held-out items (and can therefore be told by popularity band).</summary>
    public bool IsAccuracy => Kind <= MetricKind.Map;

    /// <summary>Reads <c>name@K</c>.</summary>
    /// <exception cref="InvalidOptionException">The name is unknown, or K is missing or not a positive number.</exception>
    public static Metric Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string trimmed = text.Trim();
        int at = trimmed.IndexOf('@', StringComparison.Ordinal);
        string name = at < 0 ? trimmed : trimmed[..at];
        int row = Array.FindIndex(Table, r => r.Name == name);
        if (row < 0)
        {
            throw new InvalidOptionException($"unknown metric '{trimmed}': known are {string.Join(", ", Names)}, each with @K, e.g. recall@20");
        }

        if (at < 0)
        {
            throw new InvalidOptionException($"metric '{trimmed}' has no cutoff: write {name}@20");
        }

        if (!int.TryParse(trimmed.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int k) || k < 1)
        {
            throw new InvalidOptionException($"metric '{trimmed}': the cutoff must be a whole number from 1, not '{trimmed[(at + 1)..]}'");
        }

        return new Metric(Table[row].Kind, k);
    }

    /// <summary>Reads a list separated by commas; repeated metrics are kept once, at their first place.</summary>
    /// <exception cref="InvalidOptionException">One of them cannot be read, or there is none.</exception>
    public static IReadOnlyList<Metric> ParseList(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] parts = text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return parts.Length == 0
            ? throw new InvalidOptionException($"no metric is named: known are {string.Join(", ", Names)}, each with @K, e.g. recall@20")
            : [.. parts.Select(Parse).Distinct()];
    }

    /// <summary>The metric as it is written: <c>recall@20</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name}@{K}");
}
