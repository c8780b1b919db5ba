using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Tests.Evaluation;

/// <summary>
/// A model whose scores are given: of a trained user by index, of a folded-in history by a function. It ranks by
/// sorting everything, which is slow and plainly right.
/// </summary>
internal sealed class FakeModel(SparseMatrix histories, Func<int, float[]> scoresOfUser, Func<int[], float[], float[]>? scoresOfHistory = null)
    : IRecommenderModel
{
    public string Algorithm { get; init; } = "fake";

    public IdTable Users { get; } = IdTable.Sequential(histories.Rows);

    public IdTable Items { get; init; } = IdTable.Sequential(histories.Columns);

    public SparseMatrix Histories => histories;

    public bool IgnoresFilter { get; init; }

    public bool RepeatsItself { get; init; }

    public UserProfile GetUser(int user) =>
        new(histories.Row(user).ToArray(), histories.RowValues(user).ToArray(), scoresOfUser(user));

    public UserProfile FoldIn(ReadOnlySpan<int> items, ReadOnlySpan<float> weights) =>
        new(items.ToArray(), weights.ToArray(), scoresOfHistory!(items.ToArray(), weights.ToArray()));

    public void Score(UserProfile user, Span<float> scores) => user.Factors.Span.CopyTo(scores);

    public int Recommend(UserProfile user, ItemFilter filter, Span<ScoredItem> results)
    {
        var scores = user.Factors.ToArray();
        var seen = user.Items.ToArray();
        var ranked = Enumerable.Range(0, scores.Length)
            .Where(i => IgnoresFilter || filter.KeepSeen || !seen.Contains(i))
            .OrderByDescending(i => scores[i])
            .ThenBy(i => i)
            .Select(i => new ScoredItem(i, scores[i]))
            .ToArray();
        if (RepeatsItself)
        {
            ranked[^1] = ranked[0];
        }

        int count = Math.Min(ranked.Length, results.Length);
        ranked.AsSpan(0, count).CopyTo(results);
        return count;
    }

    public int Similar(int item, bool opposite, ItemFilter filter, Span<ScoredItem> results) => throw new NotSupportedException();

    public Explanation Explain(UserProfile user, int item) => throw new NotSupportedException();

    public ModelContents ToContents() => throw new NotSupportedException();

    public void Dispose()
    {
    }
}
