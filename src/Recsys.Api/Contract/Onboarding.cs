using System.ComponentModel;

namespace Recsys.Api.Contract;

internal sealed record OnboardingBody
{
    [Description("Items that the user likes.")]
    public IReadOnlyList<string> Likes { get; set; } = [];

    [Description("Items that the user knows and does not like.")]
    public IReadOnlyList<string> Dislikes { get; set; } = [];

    [Description("Items that the user does not know.")]
    public IReadOnlyList<string> Unknown { get; set; } = [];

    [Description("How many questions to return.")]
    public int Questions { get; set; } = 1;

    [Description("How many recommendations from the answers so far.")]
    public int N { get; set; } = 20;

    [Description("Where not empty, only items of one of these categories are asked for and recommended.")]
    public IReadOnlyList<string> Categories { get; set; } = [];

    [Description("Which model; the default one where it is not named.")]
    public string? Model { get; set; }

    [Description("Whether to say why items are recommended.")]
    public bool Explain { get; set; }

    [Description("Most reasons an item, the strongest first.")]
    public int Reasons { get; set; } = 10;

    [Description("Whether to add display names.")]
    public bool Names { get; set; }
}

internal sealed record NewUserBody
{
    [Description("The onboarding's own id: sending it again changes nothing.")]
    public string? Id { get; set; }

    [Description("Items that the user likes.")]
    public IReadOnlyList<string> Likes { get; set; } = [];

    [Description("Items that the user knows and does not like.")]
    public IReadOnlyList<string> Dislikes { get; set; } = [];
}

internal sealed record QuestionReply(
    [property: Description("The item to ask about.")] string Item,
    [property: Description("What the answer is expected to tell: information × chance that the user knows the item.")] float Worth,
    string? Name = null);

internal sealed record OnboardingReply(
    [property: Description("Best first; none when there is nothing left to ask.")] IReadOnlyList<QuestionReply> Questions,
    [property: Description("From the answers so far; popular items before the first like.")] RecommendationReply Recommendations);

internal sealed record NewUserReply(
    string User,
    [property: Description("New events, durable now.")] long Accepted,
    [property: Description("Events that had been accepted before.")] long Duplicates,
    [property: Description("Position in the log behind the last one.")] long Position);
