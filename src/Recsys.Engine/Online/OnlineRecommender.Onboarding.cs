using System.Runtime.InteropServices;
using Recsys.Engine.ColdStart;
using Recsys.Engine.Models;
using Recsys.Engine.Serving;

namespace Recsys.Engine.Online;

internal sealed partial class OnlineRecommender : IOnboarding
{
    private readonly OnlineInterviews _interviews = new(state);

    /// <summary>Questions from a recent state, recommendations from the present one.</summary>
    public ValueTask<OnboardingStep> NextAsync(OnboardingQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        cancellationToken.ThrowIfCancellationRequested();
        query.Check();
        var recommend = query.Recommendations;
        var chosen = query.Questions > 0 ? Choose(query, recommend, cancellationToken) : [];
        return new(state.Read(s => new OnboardingStep(
            [.. chosen.Select(q => new Question(s.ItemIds[q.Item], q.Score, items.Find(s.ItemIds[q.Item])?.Name))],
            query.Count > 0 ? Recommend(s, recommend) : new RecommendationList(s.ModelOf(query.Model), Version(s), Fallback: false, []))));
    }

    /// <summary>Chooses without the lock: events are applied meanwhile.</summary>
    private ScoredItem[] Choose(OnboardingQuery query, RecommendationQuery recommend, CancellationToken cancellationToken)
    {
        var interview = _interviews.Get(query.Model);
        var (answered, filter) = state.Read(s =>
        {
            var known = new List<(int Item, Answer Answer)>(query.Answers.Count);
            foreach (var (id, answer) in query.Answers)
            {
                // What came after the interview was prepared is not asked for, and says nothing yet.
                if (s.ItemIds.TryGetIndex(id, out int index) && index < interview.Items)
                {
                    known.Add((index, answer));
                }
            }

            return (known, Filter(s, recommend));
        });
        var asked = new ScoredItem[Math.Min(query.Questions, interview.Items)];
        int count = interview.Choose(CollectionsMarshal.AsSpan(answered), filter, asked, cancellationToken);
        return asked[..count];
    }
}
