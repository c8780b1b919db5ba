using System.Collections.Concurrent;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Als;

/// <summary>
/// A trained implicit ALS model: k factors of every user and item. A score is the inner product of a user's and an item's
/// factors; a user's factors for any history are one exact solution of the k × k normal equations.
/// </summary>
public sealed partial class AlsModel : IRecommenderModel
{
    private readonly DenseMatrix _userFactors;
    private readonly DenseMatrix _itemFactors;
    private readonly float[] _itemNorms;
    private readonly GramMatrix _itemGram;
    private readonly ConcurrentBag<IFoldInSolver> _solvers = [];
    private int _disposed;

    /// <summary>A model of the given factors, which it then owns.</summary>
    internal AlsModel(
        Dataset data, AlsOptions options, DenseMatrix userFactors, DenseMatrix itemFactors, IReadOnlyList<double> losses, double seconds)
    {
        Users = data.Users;
        Items = data.Items;
        Histories = data.Interactions;
        DatasetName = data.Name;
        Options = options;
        Losses = losses;
        TrainingSeconds = seconds;
        _userFactors = userFactors;
        _itemFactors = itemFactors;
        var solver = RentSolver();
        _itemNorms = solver.Norms(itemFactors);
        _itemGram = solver.Gram(itemFactors);
        _solvers.Add(solver);
    }

    /// <inheritdoc/>
    public string Algorithm => "als";

    /// <inheritdoc/>
    public IdTable Users { get; }

    /// <inheritdoc/>
    public IdTable Items { get; }

    /// <inheritdoc/>
    public SparseMatrix Histories { get; }

    /// <summary>The options it was trained with.</summary>
    public AlsOptions Options { get; }

    /// <summary>The loss after each iteration.</summary>
    public IReadOnlyList<double> Losses { get; }

    /// <summary>Seconds the training took.</summary>
    public double TrainingSeconds { get; }

    /// <summary>The name of the training data.</summary>
    public string DatasetName { get; }

    /// <summary>Users × k.</summary>
    public DenseMatrix UserFactors => _userFactors;

    /// <summary>Items × k.</summary>
    public DenseMatrix ItemFactors => _itemFactors;

    /// <inheritdoc/>
    public UserProfile GetUser(int user) =>
        new(Histories.Row(user).ToArray(), Histories.RowValues(user).ToArray(), _userFactors.Row(user).ToArray());

    /// <inheritdoc/>
    /// <exception cref="NotPositiveDefiniteException">The history's system is singular: λ is too small.</exception>
    public UserProfile FoldIn(ReadOnlySpan<int> items, ReadOnlySpan<float> weights)
    {
        CheckHistory(items, weights);
        var factors = new float[Options.Factors];
        if (items.Length > 0)
        {
            var solver = RentSolver();
            try
            {
                solver.Solve(_itemFactors, _itemGram, items, weights, factors);
            }
            finally
            {
                _solvers.Add(solver);
            }
        }

        return new UserProfile(items.ToArray(), weights.ToArray(), factors);
    }

    /// <inheritdoc/>
    public void Score(UserProfile user, Span<float> scores)
    {
        if (scores.Length != Items.Count)
        {
            throw new RecsysException($"ALS: room for {scores.Length} scores; expected {Items.Count}, one an item");
        }

        if (user.Factors.Length == 0)
        {
            scores.Clear();
            return;
        }

        Multiply(user.Factors.Span, scores);
    }

    /// <inheritdoc/>
    public int Recommend(UserProfile user, ItemFilter filter, Span<ScoredItem> results)
    {
        float[] scores = System.Buffers.ArrayPool<float>.Shared.Rent(Items.Count);
        try
        {
            var used = scores.AsSpan(0, Items.Count);
            Score(user, used);
            return ItemSelection.Select(used, filter.KeepSeen ? default : user.Items.Span, filter, results);
        }
        finally
        {
            System.Buffers.ArrayPool<float>.Shared.Return(scores);
        }
    }

    /// <summary>
    /// The items whose factors have the largest cosine with those of <paramref name="item"/>; with
    /// <paramref name="opposite"/> those with a negative one, the most negative first.
    /// </summary>
    public int Similar(int item, bool opposite, ItemFilter filter, Span<ScoredItem> results)
    {
        float[] scores = System.Buffers.ArrayPool<float>.Shared.Rent(Items.Count);
        try
        {
            var used = scores.AsSpan(0, Items.Count);
            Multiply(_itemFactors.Row(item), used);
            float sign = opposite ? -1 : 1;
            float norm = _itemNorms[item];
            for (int i = 0; i < used.Length; i++)
            {
                float both = norm * _itemNorms[i];
                used[i] = both > 0 ? sign * used[i] / both : 0;
            }

            int count = ItemSelection.Select(used, [item], filter, results);
            if (opposite)
            {
                int negative = 0;
                for (; negative < count && results[negative].Score > 0; negative++)
                {
                    results[negative] = results[negative] with { Score = -results[negative].Score };
                }

                count = negative;
            }

            return count;
        }
        finally
        {
            System.Buffers.ArrayPool<float>.Shared.Return(scores);
        }
    }

    /// <summary>
    /// What each item of the history adds to the score: q_itemᵀ A⁻¹ c_j q_j (Hu, Koren and Volinsky 2008, §5), with A the
    /// normal matrix of the history. The score explained is that of the exact fold-in of the history.
    /// </summary>
    public Explanation Explain(UserProfile user, int item)
    {
        var items = user.Items.Span;
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)item, (uint)Items.Count, nameof(item));
        CheckHistory(items, user.Weights.Span);
        if (items.Length == 0)
        {
            return new Explanation(item, 0, []);
        }

        var contributions = new ScoredItem[items.Length];
        float score;
        var solver = RentSolver();
        try
        {
            score = solver.Explain(_itemFactors, _itemGram, items, user.Weights.Span, item, contributions);
        }
        finally
        {
            _solvers.Add(solver);
        }

        Array.Sort(contributions, (a, b) =>
        {
            int order = MathF.Abs(b.Score).CompareTo(MathF.Abs(a.Score));
            return order != 0 ? order : a.Item.CompareTo(b.Item);
        });
        return new Explanation(item, score, contributions);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _userFactors.Dispose();
            _itemFactors.Dispose();
            while (_solvers.TryTake(out var solver))
            {
                solver.Dispose();
            }
        }
    }

    private void Multiply(ReadOnlySpan<float> factors, Span<float> scores)
    {
        if (factors.Length != Options.Factors)
        {
            throw new RecsysException($"ALS: a profile with {factors.Length} factors; this model has {Options.Factors}");
        }

        var solver = RentSolver();
        try
        {
            solver.Score(_itemFactors, factors, scores);
        }
        finally
        {
            _solvers.Add(solver);
        }
    }

    private IFoldInSolver RentSolver() => _solvers.TryTake(out var solver) ? solver : FoldInSolver.Create(Options, Items.Count, Simd.Best);

    private void CheckHistory(ReadOnlySpan<int> items, ReadOnlySpan<float> weights)
    {
        if (weights.Length != 0 && weights.Length != items.Length)
        {
            throw new RecsysException($"ALS: a history of {items.Length} items with {weights.Length} weights");
        }

        int previous = -1;
        for (int i = 0; i < items.Length; i++)
        {
            if (items[i] <= previous || items[i] >= Items.Count)
            {
                throw new RecsysException($"ALS: a history names item {items[i]} after {previous}; expected ascending indices below {Items.Count}");
            }

            previous = items[i];
            if (weights.Length != 0 && !float.IsFinite(weights[i]))
            {
                throw new RecsysException($"ALS: the weight of item '{Items[items[i]]}' is {weights[i]}; expected a finite number");
            }
        }
    }
}
