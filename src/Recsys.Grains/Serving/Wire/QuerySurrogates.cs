using Recsys.Engine.Serving;

namespace Recsys.Grains.Serving.Wire;

/// <summary>How queries travel.</summary>
[GenerateSerializer, Alias("recsys.query"), Immutable]
internal struct QuerySurrogate
{
    [Id(0)] public string? User;
    [Id(1)] public string[]? History;
    [Id(2)] public float[]? Weights;
    [Id(3)] public int Count;
    [Id(4)] public int Offset;
    [Id(5)] public string[]? Categories;
    [Id(6)] public string[]? Exclude;
    [Id(7)] public string[]? Allow;
    [Id(8)] public bool KeepSeen;
    [Id(9)] public string? Model;
    [Id(10)] public bool Explain;
    [Id(11)] public int Reasons;
}

[RegisterConverter]
internal sealed class QueryConverter : IConverter<RecommendationQuery, QuerySurrogate>
{
    public RecommendationQuery ConvertFromSurrogate(in QuerySurrogate s) => new()
    {
        User = s.User,
        History = HistorySurrogates.From(s.History, s.Weights),
        Count = s.Count,
        Offset = s.Offset,
        Categories = s.Categories ?? [],
        Exclude = s.Exclude ?? [],
        Allow = s.Allow,
        KeepSeen = s.KeepSeen,
        Model = s.Model,
        Explain = s.Explain,
        Reasons = s.Reasons,
    };

    public QuerySurrogate ConvertToSurrogate(in RecommendationQuery q) => new()
    {
        User = q.User,
        History = HistorySurrogates.Items(q.History),
        Weights = HistorySurrogates.Weights(q.History),
        Count = q.Count,
        Offset = q.Offset,
        Categories = q.Categories.Count == 0 ? null : [.. q.Categories],
        Exclude = q.Exclude.Count == 0 ? null : [.. q.Exclude],
        Allow = q.Allow is null ? null : [.. q.Allow],
        KeepSeen = q.KeepSeen,
        Model = q.Model,
        Explain = q.Explain,
        Reasons = q.Reasons,
    };
}

[GenerateSerializer, Alias("recsys.similar-query"), Immutable]
internal struct SimilarQuerySurrogate
{
    [Id(0)] public string Item;
    [Id(1)] public int Count;
    [Id(2)] public bool Opposite;
    [Id(3)] public string? Model;
}

[RegisterConverter]
internal sealed class SimilarQueryConverter : IConverter<SimilarQuery, SimilarQuerySurrogate>
{
    public SimilarQuery ConvertFromSurrogate(in SimilarQuerySurrogate s) =>
        new(s.Item) { Count = s.Count, Opposite = s.Opposite, Model = s.Model };

    public SimilarQuerySurrogate ConvertToSurrogate(in SimilarQuery q) =>
        new() { Item = q.Item, Count = q.Count, Opposite = q.Opposite, Model = q.Model };
}

/// <summary>Histories as two arrays.</summary>
internal static class HistorySurrogates
{
    public static HistoryItem[]? From(string[]? items, float[]? weights)
    {
        if (items is null)
        {
            return null;
        }

        var history = new HistoryItem[items.Length];
        for (int e = 0; e < history.Length; e++)
        {
            history[e] = new HistoryItem(items[e], weights is null ? 1 : weights[e]);
        }

        return history;
    }

    public static string[]? Items(IReadOnlyList<HistoryItem>? history)
    {
        if (history is null)
        {
            return null;
        }

        string[] items = new string[history.Count];
        for (int e = 0; e < items.Length; e++)
        {
            items[e] = history[e].Item;
        }

        return items;
    }

    /// <summary>Null where all are 1.</summary>
    public static float[]? Weights(IReadOnlyList<HistoryItem>? history)
    {
        if (history is null || history.All(h => h.Weight == 1))
        {
            return null;
        }

        float[] weights = new float[history.Count];
        for (int e = 0; e < weights.Length; e++)
        {
            weights[e] = history[e].Weight;
        }

        return weights;
    }
}
