using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Negatives;
using Recsys.Engine.Serving;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Logistic;

/// <summary>
/// Learns click by click: each draws its negatives and takes the step that batch training takes. Users and items appear
/// when first named. Safe for concurrent use: every call takes the learner's lock, clicks are learned in the order in
/// which they get it, and the same clicks in the same order give the same model. To serve many readers without the
/// lock, take snapshots (<see cref="ToModel"/>).
/// </summary>
public sealed unsafe partial class OnlineLmf : IDisposable
{
    private readonly Lock _gate = new();
    private readonly LmfOptions _options;
    private readonly FactorTable _users;
    private readonly FactorTable _items;
    private readonly ItemCounts _counts;
    private readonly UserHistories _histories;
    private readonly INegativeSampler _sampler;
    private readonly InBatchSampler? _window;
    private readonly INegativeSampler _foldInSampler;
    private readonly LmfStep _step;
    private readonly LmfIdKeys? _keys;
    private readonly ItemShares? _shares;
    private LmfFoldIn? _foldIn;
    private long _steps;

    /// <summary>A learner that knows no user and no item.</summary>
    public OnlineLmf(LmfOptions options)
        : this(
            options,
            FactorTable.ForUsers(options),
            FactorTable.ForItems(options),
            new ItemCounts(0),
            new UserHistories(),
            LmfLearnerState.Fresh)
    {
    }

    private OnlineLmf(
        LmfOptions options,
        FactorTable users,
        FactorTable items,
        ItemCounts counts,
        UserHistories histories,
        LmfLearnerState state,
        LmfIdKeys? keys = null,
        ItemShares? shares = null)
    {
        options.Validate();
        _options = options;
        _keys = keys;
        _shares = shares;
        _users = users;
        _items = items;
        _counts = counts;
        _histories = histories;
        _steps = state.Steps;
        _window = options.Negatives.Source == NegativeBase.InBatch ? new InBatchSampler(options.Negatives.Window, counts) : null;
        foreach (int item in state.Window)
        {
            _window?.Clicked(item);
        }

        _sampler = options.Negatives.CreateLive(counts, _window);
        _foldInSampler = _window is null ? _sampler : options.FoldInSpec.CreateLive(counts);
        _step = new LmfStep(options, items, counts, options.NegativeCount);
    }

    /// <summary>The options it learns with.</summary>
    public LmfOptions Options => _options;

    /// <summary>Number of users so far.</summary>
    public int Users => _histories.Users;

    /// <summary>Number of items so far.</summary>
    public int Items => _counts.Items;

    /// <summary>Clicks and dislikes learned so far.</summary>
    public long Steps => Interlocked.Read(ref _steps);

    /// <summary>
    /// A learner that goes on where <paramref name="model"/> stands, with its histories, Adagrad sums and randomness: a
    /// snapshot taken and gone on from learns as if nothing had been between. The model is copied.
    /// </summary>
    /// <param name="model">A trained model or a snapshot.</param>
    /// <param name="options">Other options to learn with (rate, sampler …); factors and seed stay the model's.</param>
    public static OnlineLmf From(LmfModel model, LmfOptions? options = null) => new(
        (options ?? model.Options) with { Factors = model.Options.Factors, Seed = model.Options.Seed },
        model.UserTable.Copy(),
        model.ItemTable.Copy(),
        ItemCounts.Of(model.Histories),
        UserHistories.From(model.Histories),
        model.Learner);

    /// <summary>
    /// Learns one event and returns its weighted loss before the step. A positive weight is a click: it is added to the
    /// pair's weight in the history and learned against sampled negatives. A negative one is a dislike: learned as a
    /// negative itself, it replaces a click's weight (and a click a dislike's).
    /// </summary>
    /// <param name="user">Dense index; may be new: users up to it are added.</param>
    /// <param name="item">Dense index; may be new: items up to it are added.</param>
    /// <param name="weight">Finite and not 0.</param>
    public float Learn(int user, int item, float weight = 1)
    {
        if (user < 0 || item < 0)
        {
            throw new RecsysException($"online LMF: user {user}, item {item}: indices are not negative");
        }

        if (!float.IsFinite(weight) || weight == 0)
        {
            throw new RecsysException($"online LMF: user {user}, item {item}: weight {weight} is not a finite number other than 0");
        }

        lock (_gate)
        {
            return LearnKeyed(user, item, weight, KeyOf(_steps, user));
        }
    }

    /// <summary>
    /// Takes an item out of a user's history and the item's count. Factors keep what they learned from it; the item can
    /// be a negative of the user again.
    /// </summary>
    /// <returns>Whether it was there.</returns>
    public bool Remove(int user, int item)
    {
        lock (_gate)
        {
            if ((uint)user >= (uint)Users || _histories[user, item] == 0)
            {
                return false;
            }

            Uncount(item, _histories[user, item]);
            _histories.Remove(user, item);
            return true;
        }
    }

    /// <summary>
    /// Forgets a user: the history and its share of the counts are gone, the factors are as those of a new user. What
    /// the items' factors learned from the user's clicks stays.
    /// </summary>
    public void ForgetUser(int user)
    {
        lock (_gate)
        {
            if ((uint)user >= (uint)Users)
            {
                return;
            }

            var items = _histories.Items(user);
            var weights = _histories.Weights(user);
            for (int i = 0; i < items.Length; i++)
            {
                Uncount(items[i], weights[i]);
            }

            _histories.Clear(user);
            _users.Initialize(user);
        }
    }

    /// <summary>
    /// Starts items' factors anew and learns them again from the clicks of the users who have them, some passes of the
    /// usual step. What users' factors hold of what these items were stays.
    /// </summary>
    /// <param name="items">The items, each once.</param>
    /// <param name="passes">Passes over their clicks.</param>
    public void Relearn(ReadOnlySpan<int> items, int passes = 3)
    {
        lock (_gate)
        {
            var chosen = new HashSet<int>();
            foreach (int item in items)
            {
                if ((uint)item < (uint)Items && chosen.Add(item))
                {
                    StartAnew(item);
                }
            }

            for (int pass = 0; pass < passes && chosen.Count > 0; pass++)
            {
                for (int user = 0; user < Users; user++)
                {
                    var history = _histories.Items(user);
                    for (int e = 0; e < history.Length; e++)
                    {
                        if (chosen.Contains(history[e]))
                        {
                            _step.Learn(_users.Row(user), history[e], _histories.Weights(user)[e], history, _sampler, KeyOf(_steps++, user));
                            _shares?.Touch(_step.Moved);
                        }
                    }
                }
            }
        }
    }

    /// <summary>
    /// Scores the first <paramref name="scores"/>.Length items for a user as they stand now; an unknown user gets the
    /// items' biases, an unknown item 0.
    /// </summary>
    public void Score(int user, Span<float> scores)
    {
        lock (_gate)
        {
            ScoreNow(user, scores);
        }
    }

    /// <summary>
    /// Scores the first <paramref name="scores"/>.Length items for any history as they stand now: factors are found for it as
    /// for held-out users (<see cref="LmfModel.FoldIn"/>), with the items held fixed. Nothing is learned; the same history
    /// gives the same scores until the next event.
    /// </summary>
    /// <param name="items">Strictly ascending; items that are not known count for nothing.</param>
    /// <param name="weights">Weight of each, or empty where all are 1; negative for a dislike.</param>
    /// <param name="scores">Receives the scores; an unknown item's is 0.</param>
    public void Score(ReadOnlySpan<int> items, ReadOnlySpan<float> weights, Span<float> scores)
    {
        lock (_gate)
        {
            while (items.Length > 0 && items[^1] >= Items)
            {
                items = items[..^1];
            }

            _foldIn ??= new LmfFoldIn(_options, _items, _counts, _foldInSampler, null);
            _foldIn.Run(items, weights.IsEmpty ? weights : weights[..items.Length], default);
            ScoreNow(_foldIn.User, scores);
        }
    }

    /// <summary>
    /// The best eligible items for a user as they stand now, best first. <paramref name="scratch"/> has a place for each
    /// of the first items to consider, usually <see cref="Items"/>.
    /// </summary>
    /// <returns>How many there are.</returns>
    public int Recommend(int user, ItemFilter filter, Span<float> scratch, Span<ScoredItem> results)
    {
        lock (_gate)
        {
            ScoreNow(user, scratch);
            var seen = (uint)user >= (uint)Users ? default : _histories.Items(user);
            return TopN.Select(scratch, seen, filter, results);
        }
    }

    /// <summary>How like the first items are to one, as they stand now: the cosines of their factors; 0 for what is not known.</summary>
    public void Similar(int item, Span<float> scores)
    {
        lock (_gate)
        {
            SimilarUnlocked(item, scores);
        }
    }

    /// <summary>
    /// A model of this moment: factors and histories are copied under the lock, nothing is trained.
    /// </summary>
    /// <param name="users">Ids of the users, at least as many as there are; not written afterwards.</param>
    /// <param name="items">Ids of the items, likewise.</param>
    public LmfModel ToModel(IdTable users, IdTable items)
    {
        lock (_gate)
        {
            if (users.Count < Users || items.Count < Items)
            {
                throw new RecsysException(
                    $"online LMF: {users.Count} user ids for {Users} users, {items.Count} item ids for {Items} items");
            }

            var userCopy = _users.Copy();
            var itemCopy = _items.Copy();
            userCopy.Grow(users.Count);
            itemCopy.Grow(items.Count);
            var facts = new ModelFacts(_options.Algorithm, LmfAlgorithm.ToJson(_options), []) { Created = DateTimeOffset.UtcNow };
            return new LmfModel(_options, users, items, _histories.ToMatrix(users.Count, items.Count), userCopy, itemCopy, facts)
            {
                Learner = new LmfLearnerState(_steps, _window?.ToArray() ?? []),
            };
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _step.Dispose();
            _foldIn?.Dispose();
            _shares?.Dispose();
            _users.Dispose();
            _items.Dispose();
        }
    }

    /// <summary>Learns with a given key; the lock is the caller's.</summary>
    internal float LearnKeyed(int user, int item, float weight, ulong key)
    {
        Grow(user + 1, item + 1);
        float before = _histories[user, item];
        _histories.Set(user, item, MathF.Sign(before) == MathF.Sign(weight) ? before + weight : weight);
        if (weight > 0 && before <= 0)
        {
            Count(item, 1);
        }
        else if (weight < 0)
        {
            Uncount(item, before);
        }

        float loss = _step.Learn(_users.Row(user), item, weight, _histories.Items(user), _sampler, key);
        _shares?.Touch(_step.Moved);
        if (weight > 0)
        {
            _sampler.Clicked(item);
        }

        _steps++;
        return float.IsFinite(loss)
            ? loss
            : throw new RecsysException($"online LMF: diverged at user {user}, item {item}; lower the learning rate");
    }

    private void Uncount(int item, float weight)
    {
        if (weight > 0)
        {
            Count(item, -1);
        }
    }

    private void Count(int item, int change)
    {
        int count = _counts.Add(item, change);
        _sampler.CountChanged(item, count);
        if (_foldInSampler != _sampler)
        {
            _foldInSampler.CountChanged(item, count);
        }

        if (change != 0)
        {
            _shares?.Touch([item]);
        }
    }

    private void Grow(int users, int items)
    {
        _users.Grow(users);
        _histories.Grow(users);
        if (items > _counts.Items)
        {
            _items.Grow(items);
            _shares?.Grow(items);
            for (int item = _counts.Items; item < items; item++)
            {
                Count(item, 0);
            }
        }
    }

    private void ScoreNow(int user, Span<float> scores) => ScoreNow((uint)user < (uint)Users ? _users.Row(user) : null, scores);

    /// <summary>Scores for factors, or by the biases alone where they are null.</summary>
    private void ScoreNow(float* user, Span<float> scores)
    {
        int width = _items.Width;
        for (int i = 0; i < scores.Length; i++)
        {
            if (i >= Items)
            {
                scores[i] = 0;
                continue;
            }

            float* row = _items.Row(i);
            scores[i] = FactorTable.Bias(row, width) + (user is null ? 0 : FactorKernels.Dot(user, row, width));
        }
    }
}
