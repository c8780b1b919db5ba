using System.ComponentModel;

namespace Recsys.Api.Contract;

internal sealed record HistoryBody(
    [property: Description("Id of an item.")] string Item,
    [property: Description("Its weight; negative for a dislike.")] float Weight = 1);

// Settable, not init-only: a generated reader leaves only the defaults of settable members alone.
internal sealed record RecommendationBody
{
    [Description("A user's id; give either this or a history, or neither for popular items.")]
    public string? User { get; set; }

    [Description("A history instead of a user; unknown items are ignored.")]
    public IReadOnlyList<HistoryBody>? History { get; set; }

    [Description("How many items.")]
    public int N { get; set; } = 20;

    [Description("How many of the best are passed over first.")]
    public int Offset { get; set; }

    [Description("Where not empty, only items of one of these categories.")]
    public IReadOnlyList<string> Categories { get; set; } = [];

    [Description("Items never to return.")]
    public IReadOnlyList<string> Exclude { get; set; } = [];

    [Description("Where set, only these items.")]
    public IReadOnlyList<string>? Allow { get; set; }

    [Description("Whether items of the history may be returned.")]
    public bool KeepSeen { get; set; }

    [Description("Which model; the default one where it is not named.")]
    public string? Model { get; set; }

    [Description("Whether to say why.")]
    public bool Explain { get; set; }

    [Description("Most reasons an item, the strongest first.")]
    public int Reasons { get; set; } = 10;

    [Description("Whether to add display names.")]
    public bool Names { get; set; }
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
