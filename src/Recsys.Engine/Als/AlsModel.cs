using System.Collections.Concurrent;
using Recsys.Engine.ColdStart;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Numerics;
using Recsys.Engine.Serving;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Als;

/// <summary>
/// A trained implicit ALS model: k factors of every user and item. A score is the inner product of a user's and an item's
/// factors; a user's factors for any history are one exact solution of the k × k normal equations.
/// </summary>
public sealed partial class AlsModel : IRecommenderModel, IPreparedModel, ITasteModel
{
    private readonly DenseMatrix _userFactors;
    private readonly DenseMatrix _itemFactors;
    private readonly FactorRanking _ranking;
    private readonly float[] _itemNorms;
    private readonly GramMatrix _itemGram;
    private readonly ModelFacts _facts;
    private readonly float[] _nobody;
    private readonly ConcurrentBag<IFoldInSolver> _solvers = [];
    private int _disposed;

    /// <summary>A model of the given factors, which it then owns.</summary>
    internal AlsModel(Dataset data, AlsOptions options, DenseMatrix userFactors, DenseMatrix itemFactors, ModelFacts facts)
    {
        Users = data.Users;
        Items = data.Items;
        Histories = data.Interactions;
        Options = options;
        _facts = facts;
        _userFactors = userFactors;
        _itemFactors = itemFactors;
        _ranking = new FactorRanking(itemFactors);
        _nobody = new float[options.Factors];
        var solver = RentSolver();
        _itemNorms = solver.Norms(itemFactors);
        _itemGram = solver.Gram(itemFactors);
        _solvers.Add(solver);
    }

    /// <inheritdoc/>
    public string Algorithm => AlsAlgorithm.AlgorithmName;

    /// <inheritdoc/>
    public IdTable Users { get; }

    /// <inheritdoc/>
    public IdTable Items { get; }

    /// <inheritdoc/>
    public SparseMatrix Histories { get; }

    /// <summary>The options it was trained with.</summary>
    public AlsOptions Options { get; }

    /// <summary>The loss after each iteration.</summary>
    public IReadOnlyList<double> Losses => _facts.Losses;

    /// <summary>Seconds the training took.</summary>
    public double TrainingSeconds => _facts.TrainingSeconds;

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
    public void Prepare(ServingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _ranking.Prepare(options);
    }

    /// <inheritdoc/>
    public ITastes CreateTastes() => new FactorTastes(_userFactors, _itemFactors);

    /// <inheritdoc/>
    public void Score(UserProfile user, Span<float> scores) => _ranking.Score(Factors(user), scores);

    /// <inheritdoc/>
    public int Recommend(UserProfile user, ItemFilter filter, Span<ScoredItem> results) =>
        _ranking.Top(Factors(user), user.Items.Span, filter, results);

    /// <summary>
    /// The items whose factors have the largest cosine with those of <paramref name="item"/>; with
    /// <paramref name="opposite"/> those with a negative one, the most negative first.
    /// </summary>
    public int Similar(int item, bool opposite, ItemFilter filter, Span<ScoredItem> results) =>
        ModelScoring.RankSimilar(Items.Count, item, opposite, filter, results, scores =>
        {
            _ranking.Score(_itemFactors.Row(item), scores);
            for (int i = 0; i < scores.Length; i++)
            {
                float lengths = _itemNorms[item] * _itemNorms[i];
                scores[i] = lengths > 0 ? scores[i] / lengths : 0;
            }
        });

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

        return new Explanation(item, score, ModelScoring.ByMagnitude(contributions));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _userFactors.Dispose();
            _itemFactors.Dispose();
            _ranking.Dispose();
            while (_solvers.TryTake(out var solver))
            {
                solver.Dispose();
            }
        }
    }

    /// <summary>The profile's factors; a profile of nobody has none, which is the same as zeros.</summary>
    private ReadOnlySpan<float> Factors(UserProfile user)
    {
        ArgumentNullException.ThrowIfNull(user);
        return user.Factors.IsEmpty && user.Items.IsEmpty ? _nobody : user.Factors.Span;
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
