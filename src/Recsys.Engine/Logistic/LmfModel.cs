using System.Collections.Concurrent;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Negatives;
using Recsys.Engine.Numerics;
using Recsys.Engine.Serving;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Logistic;

/// <summary>
/// A trained logistic MF, BPR or sampled-softmax model: score s_ui = p_u·q_i + b_i. Immutable and safe for any number
/// of concurrent readers.
/// </summary>
public sealed unsafe class LmfModel : IRecommenderModel, IPreparedModel
{
    private readonly FactorTable _users;
    private readonly FactorTable _items;
    private readonly ItemCounts _counts;
    private readonly INegativeSampler _foldInSampler;
    private readonly float[]? _logProbability;
    private readonly ConcurrentBag<LmfFoldIn> _foldIns = [];
    private readonly Lazy<FactorRanking> _ranking;

    internal LmfModel(
        LmfOptions options,
        IdTable userIds,
        IdTable itemIds,
        SparseMatrix histories,
        FactorTable users,
        FactorTable items,
        ModelFacts facts)
    {
        Options = options;
        Users = userIds;
        Items = itemIds;
        Histories = histories;
        Facts = facts;
        _users = users;
        _items = items;
        _counts = ItemCounts.Of(histories);
        _foldInSampler = options.FoldInSpec.CreateFixed(_counts);
        _logProbability = (options with { Negatives = options.FoldInSpec }).LogProbabilities(_counts);
        _ranking = new Lazy<FactorRanking>(BuildRanking);
    }

    /// <summary>The options it was trained with.</summary>
    public LmfOptions Options { get; }

    /// <summary>Average loss of a click, by epoch.</summary>
    public IReadOnlyList<double> Losses => Facts.Losses;

    /// <inheritdoc/>
    public string Algorithm => Options.Algorithm;

    /// <inheritdoc/>
    public IdTable Users { get; }

    /// <inheritdoc/>
    public IdTable Items { get; }

    /// <inheritdoc/>
    public SparseMatrix Histories { get; }

    internal ModelFacts Facts { get; }

    internal LmfLearnerState Learner { get; init; } = LmfLearnerState.Fresh;

    internal FactorTable UserTable => _users;

    internal FactorTable ItemTable => _items;

    /// <summary>The bias b_i of an item.</summary>
    public float ItemBias(int item) => _items.Row(Checked(item, _items.Rows, "item"))[_items.Width];

    /// <summary>The k factors of an item.</summary>
    public ReadOnlySpan<float> ItemFactors(int item) => new(_items.Row(Checked(item, _items.Rows, "item")), _items.Factors);

    /// <summary>The k factors of a user.</summary>
    public ReadOnlySpan<float> UserFactors(int user) => new(_users.Row(Checked(user, _users.Rows, "user")), _users.Factors);

    /// <inheritdoc/>
    public UserProfile GetUser(int user)
    {
        var factors = UserFactors(user).ToArray();
        return new UserProfile(Histories.Row(user).ToArray(), Histories.RowValues(user).ToArray(), factors);
    }

    /// <summary>
    /// The profile of any history: some passes of the training step on the user's factors alone, from zero. The same
    /// history always gives the same factors.
    /// </summary>
    public UserProfile FoldIn(ReadOnlySpan<int> items, ReadOnlySpan<float> weights)
    {
        CheckHistory(items, weights);
        var foldIn = RentFoldIn();
        foldIn.Run(items, weights, default);
        var factors = new ReadOnlySpan<float>(foldIn.User, _items.Factors).ToArray();
        _foldIns.Add(foldIn);
        return new UserProfile(items.ToArray(), weights.ToArray(), factors);
    }

    /// <inheritdoc/>
    public void Prepare(ServingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _ranking.Value.Prepare(options);
    }

    /// <inheritdoc/>
    public void Score(UserProfile user, Span<float> scores) =>
        _ranking.Value.Score(WithOne(user, stackalloc float[_items.Factors + 1]), scores);

    /// <inheritdoc/>
    public int Recommend(UserProfile user, ItemFilter filter, Span<ScoredItem> results) =>
        _ranking.Value.Top(WithOne(user, stackalloc float[_items.Factors + 1]), user.Items.Span, filter, results);

    /// <summary>
    /// The items whose factors point in the most similar direction (positive cosine), best first; with
    /// <paramref name="opposite"/> the most opposed ones (negative cosine).
    /// </summary>
    public int Similar(int item, bool opposite, ItemFilter filter, Span<ScoredItem> results)
    {
        Checked(item, _items.Rows, "item");
        return ModelScoring.RankSimilar(_items.Rows, item, opposite, filter, results, scores => _items.Cosines(item, scores));
    }

    /// <summary>
    /// Why an item has its score. Folding the history in gives p = Σ_j a_j q_j + n with n the negatives' part (see
    /// <see cref="FoldIn"/>): history item j contributes a_j q_j·q_i; the baseline is b_i + n·q_i, and for a user of the
    /// training data also what trained and folded-in factors differ by.
    /// </summary>
    public Explanation Explain(UserProfile user, int item)
    {
        float* row = _items.Row(Checked(item, _items.Rows, "item"));
        var factors = WithOne(user, stackalloc float[_items.Factors + 1]);
        float score = row[_items.Width];
        for (int f = 0; f < _items.Factors; f++)
        {
            score += factors[f] * row[f];
        }

        var history = user.Items.Span;
        var coefficients = new float[history.Length];
        var foldIn = RentFoldIn();
        foldIn.Run(history, user.Weights.Span, coefficients);
        _foldIns.Add(foldIn);

        var contributions = new ScoredItem[history.Length];
        float baseline = score;
        for (int j = 0; j < contributions.Length; j++)
        {
            float share = coefficients[j] * FactorKernels.Dot(_items.Row(history[j]), row, _items.Width);
            contributions[j] = new ScoredItem(history[j], share);
            baseline -= share;
        }

        return new Explanation(item, score, ModelScoring.ByMagnitude(contributions), baseline);
    }

    /// <inheritdoc/>
    public ModelContents ToContents() => LmfModelContents.Of(this);

    /// <summary>Reads a model that <see cref="ToContents"/> described.</summary>
    /// <exception cref="RecsysException">The stored arrays are not such a model's.</exception>
    public static LmfModel FromStored(StoredModel stored)
    {
        ArgumentNullException.ThrowIfNull(stored);
        return LmfModelContents.Read(stored);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        while (_foldIns.TryTake(out var foldIn))
        {
            foldIn.Dispose();
        }

        if (_ranking.IsValueCreated)
        {
            _ranking.Value.Dispose();
        }

        _users.Dispose();
        _items.Dispose();
    }

    private static int Checked(int index, int count, string what) =>
        (uint)index < (uint)count ? index : throw new ArgumentOutOfRangeException(nameof(index), index, $"{what} of {count}");

    private LmfFoldIn RentFoldIn() =>
        _foldIns.TryTake(out var foldIn) ? foldIn : new LmfFoldIn(Options, _items, _counts, _foldInSampler, _logProbability);

    // q_i and b_i side by side: with a 1 at the end of a user's factors one dot product gives the score.
    private FactorRanking BuildRanking()
    {
        var rows = new DenseMatrix(_items.Rows, _items.Factors + 1);
        for (int i = 0; i < rows.Rows; i++)
        {
            ItemFactors(i).CopyTo(rows.Row(i));
            rows[i, _items.Factors] = ItemBias(i);
        }

        return new FactorRanking(rows, ownsFactors: true);
    }

    private ReadOnlySpan<float> WithOne(UserProfile user, Span<float> memory)
    {
        ArgumentNullException.ThrowIfNull(user);
        var factors = user.Factors.Span;
        if (factors.Length != 0 && factors.Length != _items.Factors)
        {
            throw new RecsysException($"the user has {factors.Length} factors, the model {_items.Factors}: the profile is another model's");
        }

        memory.Clear();
        factors.CopyTo(memory);
        memory[^1] = 1;
        return memory;
    }

    private void CheckHistory(ReadOnlySpan<int> items, ReadOnlySpan<float> weights)
    {
        if (!weights.IsEmpty && weights.Length != items.Length)
        {
            throw new RecsysException($"a history of {items.Length} items has {weights.Length} weights");
        }

        int previous = -1;
        foreach (int item in items)
        {
            if (item <= previous || item >= _items.Rows)
            {
                throw new RecsysException($"a history has item {item} after {previous}: items ascend and are below {_items.Rows}");
            }

            previous = item;
        }
    }
}
