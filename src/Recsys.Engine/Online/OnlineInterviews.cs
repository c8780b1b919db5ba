using Recsys.Engine.ColdStart;

namespace Recsys.Engine.Online;

/// <summary>
/// Questions to new users of a state that changes: prepared from a copy, and anew when much has changed or a user was
/// forgotten. The copy is taken under the state's lock, the rest is done outside.
/// </summary>
internal sealed class OnlineInterviews(OnlineState state)
{
    private const int FewEvents = 1000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Prepared> _prepared = [];

    public Interview Get(string? model)
    {
        var (key, now) = state.Read(s => (Key(s, model), Moment.Of(s)));
        lock (_gate)
        {
            if (_prepared.TryGetValue(key, out var known) && !known.At.IsOver(now))
            {
                return known.Interview;
            }

            // What was copied before a user was forgotten is let go of.
            foreach (string other in _prepared.Where(p => p.Value.At.Forgotten != now.Forgotten).Select(p => p.Key).ToList())
            {
                _prepared.Remove(other);
            }

            (var make, now) = state.Read(s => (Copy(s, key), Moment.Of(s)));
            var interview = new Interview(make());
            _prepared[key] = new Prepared(interview, now);
            return interview;
        }
    }

    /// <summary>ALS has a belief of its own; the other models share what the histories tell.</summary>
    private static string Key(OnlineState s, string? model) => s.ModelOf(model) == OnlineState.AlsModel ? OnlineState.AlsModel : "";

    private static Func<ITastes> Copy(OnlineState s, string key)
    {
        if (key == OnlineState.AlsModel)
        {
            var users = s.Als!.CopyTrainedUsers();
            var items = s.Als.CopyItems(s.ItemIds.Count);
            return () =>
            {
                using (users)
                {
                    return new FactorTastes(users, items);
                }
            };
        }

        var histories = s.Histories.ToMatrix(s.UserIds.Count, s.ItemIds.Count);
        return () => new HistoryTastes(histories);
    }

    private sealed record Prepared(Interview Interview, Moment At);

    private readonly record struct Moment(long Position, long Pairs, int Items, int Forgotten)
    {
        public static Moment Of(OnlineState s) => new(s.Position, s.Histories.Pairs, s.ItemIds.Count, s.Forgotten);

        public bool IsOver(Moment now) =>
            now.Forgotten != Forgotten || now.Position - Position > Math.Max(FewEvents, Pairs / 10) || now.Items > Items + (Items / 20);
    }
}
