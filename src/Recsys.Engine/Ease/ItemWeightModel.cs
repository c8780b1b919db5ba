using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Serving;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Ease;

/// <summary>
/// A model of item-item weights, s_u = x_u B: EASE, SLIM. A weight B_ij is what item i in the history adds to
/// (positive) or takes from (negative) the score of item j.
/// </summary>
public abstract class ItemWeightModel : IRecommenderModel, IPreparedModel
{
    internal const string WeightsTensor = "weights";
    private const string SparseOffsetsTensor = "weights_offsets";
    private const string SparseColumnsTensor = "weights_columns";
    private const string SparseValuesTensor = "weights_values";
    private const string DiagonalTensor = "inverse_diagonal";

    private readonly ModelFacts _facts;
    private RoundedRows? _rounded;

    /// <summary>A model of the given parts; its name and options are in <paramref name="facts"/>.</summary>
    private protected ItemWeightModel(IdTable users, IdTable items, SparseMatrix histories, EaseWeights weights, ModelFacts facts)
    {
        Users = users;
        Items = items;
        Histories = histories;
        Weights = weights;
        _facts = facts;
    }

    /// <inheritdoc/>
    public string Algorithm => _facts.Algorithm;

    /// <inheritdoc/>
    public IdTable Users { get; }

    /// <inheritdoc/>
    public IdTable Items { get; }

    /// <inheritdoc/>
    public SparseMatrix Histories { get; }

    /// <summary>B.</summary>
    public EaseWeights Weights { get; }

    /// <summary>Counts the weights: how many are negative, and how they are distributed. Reads all of B.</summary>
    public WeightStatistics MeasureWeights()
    {
        if (Weights.Sparse is { } sparse)
        {
            return WeightStatistics.Measure(sparse);
        }

        using var pool = new ComputePool();
        return WeightStatistics.Measure(Weights.Dense!, pool);
    }

    /// <inheritdoc/>
    public UserProfile GetUser(int user) => FoldIn(Histories.Row(user), Histories.RowValues(user));

    /// <summary>The history itself: such a model has no other state of a user.</summary>
    public UserProfile FoldIn(ReadOnlySpan<int> items, ReadOnlySpan<float> weights) =>
        new(items.ToArray(), weights.ToArray(), default);

    /// <inheritdoc/>
    public void Score(UserProfile user, Span<float> scores)
    {
        ArgumentNullException.ThrowIfNull(user);
        var items = user.Items.Span;
        var weights = user.Weights.Span;
        if (Weights.Dense is { } dense)
        {
            RowSumScorer.Score(dense, items, weights, scores);
            return;
        }

        scores.Clear();
        for (int e = 0; e < items.Length; e++)
        {
            float weight = weights.IsEmpty ? 1 : weights[e];
            var columns = Weights.Sparse!.Row(items[e]);
            var values = Weights.Sparse.RowValues(items[e]);
            for (int c = 0; c < columns.Length; c++)
            {
                scores[columns[c]] += weight * values[c];
            }
        }
    }

    /// <inheritdoc/>
    public void Prepare(ServingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (Weights.Dense is { } dense && _rounded is null && options.RoundsRows(dense.Rows, dense.Columns))
        {
            _rounded = new RoundedRows(dense);
        }
    }

    /// <inheritdoc/>
    public int Recommend(UserProfile user, ItemFilter filter, Span<ScoredItem> results)
    {
        ArgumentNullException.ThrowIfNull(user);
        if (Weights.Dense is not { } dense)
        {
            return ModelScoring.Recommend(this, user, filter, results);
        }

        return _rounded is { } rounded && rounded.TryTop(user.Items.Span, user.Weights.Span, filter, results, out int found)
            ? found
            : RowSumScorer.Top(dense, user.Items.Span, user.Weights.Span, filter, results);
    }

    /// <summary>
    /// Items by their weight on <paramref name="item"/>: whose presence in a history raises its score most or, with
    /// <paramref name="opposite"/>, suppresses it most (only items with a weight of that sign).
    /// </summary>
    public int Similar(int item, bool opposite, ItemFilter filter, Span<ScoredItem> results) =>
        ModelScoring.RankSimilar(Items.Count, item, opposite, filter, results, scores =>
        {
            for (int i = 0; i < scores.Length; i++)
            {
                scores[i] = Weight(i, item);
            }
        });

    /// <summary>Contributions x_i B_ij of the history; they sum to the score.</summary>
    public Explanation Explain(UserProfile user, int item)
    {
        ArgumentNullException.ThrowIfNull(user);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)item, (uint)Items.Count, nameof(item));
        var items = user.Items.Span;
        var weights = user.Weights.Span;
        var contributions = new ScoredItem[items.Length];
        float score = 0;
        for (int e = 0; e < items.Length; e++)
        {
            float part = (weights.IsEmpty ? 1 : weights[e]) * Weight(items[e], item);
            contributions[e] = new ScoredItem(items[e], part);
            score += part;
        }

        return new Explanation(item, score, ModelScoring.ByMagnitude(contributions));
    }

    /// <summary>B_ij: what item <paramref name="from"/> in a history adds to the score of <paramref name="to"/>.</summary>
    public float Weight(int from, int to)
    {
        if (Weights.Dense is { } dense)
        {
            return dense.Row(from)[to];
        }

        int place = Weights.Sparse!.Row(from).BinarySearch(to);
        return place < 0 ? 0 : Weights.Sparse.RowValues(from)[place];
    }

    /// <inheritdoc/>
    public ModelContents ToContents()
    {
        var tensors = new Dictionary<string, Tensor>();
        if (Weights.Dense is { } dense)
        {
            tensors[WeightsTensor] = Tensor.From(dense);
        }
        else
        {
            tensors[SparseOffsetsTensor] = Tensor.Copy(Weights.Sparse!.Offsets, TensorType.I64);
            tensors[SparseColumnsTensor] = Tensor.Copy(Weights.Sparse.AllColumns, TensorType.I32);
            tensors[SparseValuesTensor] = Tensor.Copy(Weights.Sparse.AllValues, TensorType.F32);
        }

        if (Weights.InverseDiagonal.Count > 0)
        {
            tensors[DiagonalTensor] = Tensor.Copy<float>([.. Weights.InverseDiagonal], TensorType.F32);
        }

        return new ModelContents(_facts, tensors, Users, Items, Histories);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _rounded?.Dispose();
        Weights.Dispose();
    }

    /// <summary>B as <see cref="ToContents"/> described it.</summary>
    /// <exception cref="RecsysException">The stored arrays are not such a model's.</exception>
    private protected static EaseWeights ReadWeights(StoredModel stored)
    {
        int n = stored.Items.Count;
        float[] diagonal = stored.Has(DiagonalTensor) ? stored.Array<float>(DiagonalTensor, n) : [];
        if (stored.Has(WeightsTensor))
        {
            return EaseWeights.FromDense(stored.Matrix(WeightsTensor, n, n), diagonal);
        }

        long[] offsets = stored.Array<long>(SparseOffsetsTensor, n + 1L);
        int[] columns = stored.Array<int>(SparseColumnsTensor);
        float[] values = stored.Array<float>(SparseValuesTensor, columns.Length);
        return EaseWeights.FromSparse(new SparseMatrix(n, n, offsets, columns, values), diagonal);
    }
}
