using Recsys.Engine.Data;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Models;

/// <summary>
/// A trained model. Immutable and safe for any number of concurrent readers; disposing frees its native memory.
/// </summary>
public interface IRecommenderModel : IDisposable
{
    /// <summary>The algorithm's name as on the command line: "als", "ease", "popularity", …</summary>
    string Algorithm { get; }

    /// <summary>Ids of the users the model was trained on.</summary>
    IdTable Users { get; }

    /// <summary>Ids of the items it ranks.</summary>
    IdTable Items { get; }

    /// <summary>Training histories, users × items.</summary>
    SparseMatrix Histories { get; }

    /// <summary>The profile of a user the model was trained on.</summary>
    UserProfile GetUser(int user);

    /// <summary>The profile of any history, known or not.</summary>
    /// <param name="items">Strictly ascending dense indices.</param>
    /// <param name="weights">Weight of each, or empty where all are 1.</param>
    UserProfile FoldIn(ReadOnlySpan<int> items, ReadOnlySpan<float> weights);

    /// <summary>Scores every item for a user; <paramref name="scores"/> has one place an item. Seen items are scored too.</summary>
    void Score(UserProfile user, Span<float> scores);

    /// <summary>
    /// The best <paramref name="results"/>.Length eligible items for a user, best first; equal scores in item order.
    /// Returns how many there are.
    /// </summary>
    int Recommend(UserProfile user, ItemFilter filter, Span<ScoredItem> results);

    /// <summary>
    /// The items most like <paramref name="item"/>, best first, without itself; or, with <paramref name="opposite"/>,
    /// those that it suppresses most (most negative first). Returns how many there are.
    /// </summary>
    int Similar(int item, bool opposite, ItemFilter filter, Span<ScoredItem> results);

    /// <summary>Why <paramref name="item"/> has its score for this user.</summary>
    Explanation Explain(UserProfile user, int item);

    /// <summary>
    /// The model as named arrays and facts, to be stored. The tensors share the model's memory: keep it alive meanwhile.
    /// </summary>
    ModelContents ToContents();
}
