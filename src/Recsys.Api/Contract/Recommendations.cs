using System.ComponentModel;

namespace Recsys.Api.Contract;

internal sealed record HistoryBody(
    [property: Description("Id of an item.")] string Item,
    [property: Description("Its weight; negative for a dislike.")] float Weight = 1);

internal record RecommendationBody
{
    [Description("A user's id; give either this or a history, or neither for popular items.")]
    public string? User { get; init; }

    [Description("A history instead of a user; unknown items are ignored.")]
    public IReadOnlyList<HistoryBody>? History { get; init; }

    [Description("How many items.")]
    public int N { get; init; } = 20;

    [Description("How many of the best are passed over first.")]
    public int Offset { get; init; }

    [Description("Where not empty, only items of one of these categories.")]
    public IReadOnlyList<string> Categories { get; init; } = [];

    [Description("Items never to return.")]
    public IReadOnlyList<string> Exclude { get; init; } = [];

    [Description("Where set, only these items.")]
    public IReadOnlyList<string>? Allow { get; init; }

    [Description("Whether items of the history may be returned.")]
    public bool KeepSeen { get; init; }

    [Description("Which model; the default one where it is not named.")]
    public string? Model { get; init; }

    [Description("Whether to say why.")]
    public bool Explain { get; init; }

    [Description("Most reasons an item, the strongest first.")]
    public int Reasons { get; init; } = 10;

    [Description("Whether to add display names.")]
    public bool Names { get; init; }
}

internal sealed record BatchBody([property: Description("Up to 1000 queries.")] IReadOnlyList<RecommendationBody> Queries);

internal sealed record ReasonReply(
    [property: Description("An item of the history.")] string Item,
    [property: Description("What it adds to the score (positive) or takes from it (negative).")] float Contribution,
    string? Name = null);

internal sealed record RecommendedReply(
    string Id,
    [property: Description("By the model's own scale.")] float Score,
    [property: Description("Strongest first; empty when not asked for.")] IReadOnlyList<ReasonReply> Reasons,
    string? Name = null);

internal sealed record RecommendationReply(
    [property: Description("The user's id; null for a history.")] string? User,
    [property: Description("The model that ranked the items.")] string Model,
    [property: Description("Whether these are popular items because nothing is known of the user.")] bool Fallback,
    IReadOnlyList<RecommendedReply> Items);

internal sealed record BatchReply([property: Description("In the order of the queries.")] IReadOnlyList<RecommendationReply> Results);

internal sealed record SimilarReply(string Item, string Model, IReadOnlyList<SimilarItemReply> Items);

internal sealed record SimilarItemReply(string Id, float Score, string? Name = null);
