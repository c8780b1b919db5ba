namespace Recsys.Engine.Serving;

/// <summary>What a new user has answered so far, and what is wanted next.</summary>
public sealed record OnboardingQuery
{
    /// <summary>The answers; items that are unknown to the model are ignored.</summary>
    public IReadOnlyList<ItemAnswer> Answers { get; init; } = [];

    /// <summary>How many questions; 0 for none.</summary>
    public int Questions { get; init; } = 1;

    /// <summary>Where not empty, only items of at least one of these categories are asked for and recommended.</summary>
    public IReadOnlyList<string> Categories { get; init; } = [];

    /// <summary>How many recommendations from the answers so far; 0 for none.</summary>
    public int Count { get; init; } = 20;

    /// <summary>Which of the live models; null for the default one.</summary>
    public string? Model { get; init; }

    /// <summary>Whether to say why items are recommended.</summary>
    public bool Explain { get; init; }

    /// <summary>How many reasons an item gets at most, the strongest first.</summary>
    public int Reasons { get; init; } = 10;

    /// <summary>What is asked of the recommender: likes and dislikes are the history, what is not known may be recommended.</summary>
    public RecommendationQuery Recommendations => new()
    {
        History =
        [
            .. Answers.DistinctBy(a => a.Item).Where(a => a.Answer != ColdStart.Answer.Unknown)
                .Select(a => new HistoryItem(a.Item, a.Answer == ColdStart.Answer.Like ? 1 : -1)),
        ],
        Count = Math.Max(1, Count),
        Categories = Categories,
        Model = Model,
        Explain = Explain,
        Reasons = Reasons,
    };

    /// <summary>Refuses what cannot be answered.</summary>
    /// <exception cref="InvalidOptionException">A number is below 0.</exception>
    public void Check()
    {
        if (Questions < 0 || Count < 0)
        {
            throw new InvalidOptionException(Questions < 0
                ? $"questions: expected 0 or more, found {Questions}"
                : $"n: expected 0 or more, found {Count}");
        }
    }
}
