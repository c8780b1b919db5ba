using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Serving;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Popularity;

/// <summary>
/// The same ranking for everyone: an item's score is the share of users who interacted with it, in [0, 1]. The
/// baseline every other model has to beat, and the answer for users of whom nothing is known.
/// </summary>
public sealed class PopularityModel : IRecommenderModel
{
    private const string ScoresTensor = "scores";

    private readonly float[] _scores;
    private readonly ModelFacts _facts;

    private PopularityModel(IdTable users, IdTable items, SparseMatrix histories, float[] scores, ModelFacts facts)
    {
        Users = users;
        Items = items;
        Histories = histories;
        _scores = scores;
        _facts = facts;
    }

    /// <inheritdoc/>
    public string Algorithm => PopularityAlgorithm.AlgorithmName;

    /// <inheritdoc/>
    public IdTable Users { get; }

    /// <inheritdoc/>
    public IdTable Items { get; }

    /// <inheritdoc/>
    public SparseMatrix Histories { get; }

    /// <summary>Counts the users of each item; negative weights (dislikes) do not count.</summary>
    public static PopularityModel Train(Dataset data)
    {
        ArgumentNullException.ThrowIfNull(data);
        var counts = new int[data.Items.Count];
        var columns = data.Interactions.AllColumns;
        var values = data.Interactions.AllValues;
        for (int e = 0; e < columns.Length; e++)
        {
            counts[columns[e]] += values.IsEmpty || values[e] > 0 ? 1 : 0;
        }

        float users = Math.Max(1, data.Users.Count);
        var facts = ModelFacts.OfTraining(PopularityAlgorithm.AlgorithmName, [], data, 0);
        return new PopularityModel(data.Users, data.Items, data.Interactions, Array.ConvertAll(counts, c => c / users), facts);
    }

    /// <summary>Reads a model that <see cref="ToContents"/> described.</summary>
    /// <exception cref="RecsysException">The stored arrays are not a popularity model's.</exception>
    public static PopularityModel FromStored(StoredModel stored)
    {
        ArgumentNullException.ThrowIfNull(stored);
        float[] scores = stored.Array<float>(ScoresTensor, stored.Items.Count);
        return new PopularityModel(stored.Users, stored.Items, stored.Histories, scores, stored.Facts);
    }

    /// <inheritdoc/>
    public UserProfile GetUser(int user) => FoldIn(Histories.Row(user), Histories.RowValues(user));

    /// <inheritdoc/>
    public UserProfile FoldIn(ReadOnlySpan<int> items, ReadOnlySpan<float> weights) =>
        new(items.ToArray(), weights.ToArray(), default);

    /// <inheritdoc/>
    public void Score(UserProfile user, Span<float> scores) => _scores.CopyTo(scores);

    /// <inheritdoc/>
    public int Recommend(UserProfile user, ItemFilter filter, Span<ScoredItem> results)
    {
        ArgumentNullException.ThrowIfNull(user);
        return TopN.Select(_scores, user.Items.Span, filter, results);
    }

    /// <summary>Popularity knows no likeness of items: always none.</summary>
    public int Similar(int item, bool opposite, ItemFilter filter, Span<ScoredItem> results) => 0;

    /// <summary>All of the score is baseline: no history item answers for it.</summary>
    public Explanation Explain(UserProfile user, int item) => new(item, _scores[item], [], _scores[item]);

    /// <inheritdoc/>
    public ModelContents ToContents() =>
        new(
            _facts,
            new Dictionary<string, Tensor> { [ScoresTensor] = Tensor.Copy<float>(_scores, TensorType.F32) },
            Users,
            Items,
            Histories);

    /// <inheritdoc/>
    public void Dispose()
    {
        // Holds no native memory.
    }
}
