using Recsys.Engine.Models;
using Recsys.Engine.Serving;

namespace Recsys.Engine.ColdStart;

/// <summary>
/// Chooses what to ask a new user: the items where the information an answer brings, times the chance that the user can
/// give one, is greatest. Without the chance it would ask for items that nobody knows.
/// </summary>
/// <param name="tastes">What is believed of any user.</param>
public sealed class Interview(ITastes tastes)
{
    /// <summary>Questions for new users of a model. It refers to the model's memory; making it passes over users and items.</summary>
    public static Interview For(IRecommenderModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return new Interview(model is ITasteModel own ? own.CreateTastes() : new HistoryTastes(model.Histories));
    }

    /// <summary>Items that may be asked for: those below this index.</summary>
    public int Items => tastes.Items;

    /// <summary>
    /// The next questions, best first; their scores are information × chance. Several at once are chosen as if each had been
    /// answered before the next, so that they do not ask for the same thing.
    /// </summary>
    /// <param name="answered">Answers so far; of an item that stands twice the first counts.</param>
    /// <param name="filter">What may be asked; answered items never are.</param>
    /// <param name="questions">Receives them.</param>
    /// <param name="cancellationToken">Stops choosing.</param>
    /// <returns>How many there are.</returns>
    public int Choose(
        ReadOnlySpan<(int Item, Answer Answer)> answered, ItemFilter filter, Span<ScoredItem> questions, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        var belief = tastes.Begin();
        var asked = new SortedSet<int>();
        foreach (var (item, answer) in answered)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (asked.Add(item))
            {
                belief.Learn(item, answer);
            }
        }

        var worth = new float[tastes.Items];
        var chances = new float[tastes.Items];
        belief.Chances(chances);
        var one = new ScoredItem[1];
        int count = 0;
        for (; count < questions.Length; count++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            belief.Information(worth);
            for (int i = 0; i < worth.Length; i++)
            {
                worth[i] *= chances[i];
            }

            if (TopN.Select(worth, asked.ToArray(), filter with { KeepSeen = false }, one) == 0)
            {
                break;
            }

            questions[count] = one[0];
            asked.Add(one[0].Item);
            belief.Learn(one[0].Item, Answer.Like);
        }

        return count;
    }
}
