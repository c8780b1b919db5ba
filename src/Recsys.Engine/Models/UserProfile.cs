namespace Recsys.Engine.Models;

/// <summary>
/// What a model knows of one user while it scores: the history and, for factor models, the user's factors. Made by
/// <see cref="IRecommenderModel.GetUser"/> or <see cref="IRecommenderModel.FoldIn"/> of the model that is to use it.
/// </summary>
/// <param name="Items">Items of the history, strictly ascending dense indices.</param>
/// <param name="Weights">Weight of each, or empty where all are 1.</param>
/// <param name="Factors">The user's k factors; empty for models without factors.</param>
public sealed record UserProfile(ReadOnlyMemory<int> Items, ReadOnlyMemory<float> Weights, ReadOnlyMemory<float> Factors)
{
    /// <summary>A user of whom nothing is known.</summary>
    public static UserProfile Empty { get; } = new(default, default, default);
}
