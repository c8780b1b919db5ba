using System.Runtime.InteropServices;
using Recsys.Engine.Negatives;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Logistic;

/// <summary>
/// The one step that batch training, the online learner and fold-in share: score a click and its negatives, take the
/// loss's gradient, move the rows. Gradients are those at the step's start (the user's moves last). Holds scratch
/// memory: one instance a thread at a time.
/// </summary>
internal sealed unsafe class LmfStep : ICandidateScorer, IDisposable
{
    // Log-probabilities of items nobody has are not finite; below this they count as this.
    private const float LeastLogProbability = -25;

    private readonly LmfOptions _options;
    private readonly FactorTable _items;
    private readonly ItemCounts _counts;
    private readonly float[]? _logProbability;
    private readonly NativeBuffer<float> _gradient;
    private readonly int[] _drawn;
    private readonly float[] _logits;
    private readonly float[] _derivatives;
    private readonly int _width;
    private readonly float _perFactor;
    private float* _user;
    private int _moved;

    /// <summary>Creates a step over the items' rows.</summary>
    /// <param name="options">Loss, rates, margin, correction.</param>
    /// <param name="items">Item rows.</param>
    /// <param name="counts">Item counts, for the dynamic margin.</param>
    /// <param name="negatives">Most negatives of a click.</param>
    /// <param name="logProbability">Log P of each item; null to ask the sampler each time.</param>
    public LmfStep(LmfOptions options, FactorTable items, ItemCounts counts, int negatives, float[]? logProbability = null)
    {
        _options = options;
        LearningRate = options.LearningRate;
        _items = items;
        _counts = counts;
        _logProbability = logProbability;
        _width = items.Width;
        _perFactor = 1f / items.Factors;
        _gradient = new NativeBuffer<float>(_width);
        _drawn = new int[negatives + 1];
        int padded = (negatives + 16) & ~15;
        _logits = new float[padded];
        _derivatives = new float[padded];
    }

    /// <summary>The present learning rate η; that of the options unless it is changed.</summary>
    public float LearningRate { get; set; }

    /// <summary>The items whose rows the last <see cref="Learn"/> moved.</summary>
    public ReadOnlySpan<int> Moved => _drawn.AsSpan(0, _moved);

    /// <summary>
    /// Learns one click: draws negatives, moves the user's and the items' rows. Returns weight · loss. A negative weight
    /// is a dislike: the item itself is the negative.
    /// </summary>
    public float Learn(
        float* user, int item, float weight, ReadOnlySpan<int> history, INegativeSampler sampler, ulong key)
    {
        int count = _moved = Prepare(user, item, weight, history, sampler, key, out float loss);
        if (count == 0)
        {
            return 0;
        }

        float userNorm = FactorKernels.Dot(user, user, _width);
        UserGradient(count);
        float regularization = _options.ItemRegularization;
        MoveItem(_items.Row(item), _derivatives[0], userNorm, regularization);
        for (int l = 1; l < count; l++)
        {
            // The negatives of a click share one λ, so that it means the same however many there are.
            MoveItem(_items.Row(_drawn[l]), _derivatives[l], userNorm, regularization / (count - 1));
        }

        MoveUser(user, out _, out _);
        return loss;
    }

    /// <summary>
    /// The same step with the items held fixed. Returns what the positive's row was multiplied with in the move, and the
    /// factor that the user's former row was kept by.
    /// </summary>
    public float LearnUser(
        float* user, int item, float weight, ReadOnlySpan<int> history, INegativeSampler sampler, ulong key, out float kept)
    {
        int count = Prepare(user, item, weight, history, sampler, key, out _);
        kept = 1;
        if (count == 0)
        {
            return 0;
        }

        UserGradient(count);
        MoveUser(user, out kept, out float rate);
        return -rate * _derivatives[0];
    }

    /// <inheritdoc/>
    public void Score(ReadOnlySpan<int> items, Span<float> scores)
    {
        for (int l = 0; l < items.Length; l++)
        {
            float* row = _items.Row(items[l]);
            scores[l] = FactorKernels.Dot(_user, row, _width) + FactorTable.Bias(row, _width);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _gradient.Dispose();

    private int Prepare(
        float* user, int item, float weight, ReadOnlySpan<int> history, INegativeSampler sampler, ulong key, out float loss)
    {
        _user = user;
        _drawn[0] = item;
        bool dislike = weight < 0;
        int count = 1;
        if (!dislike)
        {
            count += sampler.Sample(new NegativeRequest(key, item, history, this), _drawn.AsSpan(1));
        }

        var logits = _logits.AsSpan();
        Score(_drawn.AsSpan(0, count), logits);
        if (dislike)
        {
            loss = LmfLossFunction.Dislike(_options.LossWeight(weight), logits, _derivatives);
            return 1;
        }

        if (count == 1 && _options.Loss != LmfLoss.Logistic)
        {
            // Nothing to compare with: the user has seen everything.
            loss = 0;
            return 0;
        }

        logits[0] -= MarginOf(item);
        if (_options.Correction != 0)
        {
            Correct(sampler, count);
        }

        loss = LmfLossFunction.Evaluate(_options.Loss, _options.LossWeight(weight), logits, count, _derivatives);
        return count;
    }

    private float MarginOf(int item) => _options.DynamicMargin
        ? _options.Margin / MathF.Sqrt(MathF.Sqrt(1 + _counts[item]))
        : _options.Margin;

    private void Correct(INegativeSampler sampler, int count)
    {
        for (int l = 0; l < count; l++)
        {
            float log = _logProbability is null ? sampler.LogProbability(_drawn[l]) : _logProbability[_drawn[l]];
            _logits[l] -= _options.Correction * MathF.Max(log, LeastLogProbability);
        }
    }

    private void UserGradient(int count)
    {
        float* gradient = _gradient.Pointer;
        NativeMemory.Clear(gradient, (nuint)_width * sizeof(float));
        for (int l = 0; l < count; l++)
        {
            FactorKernels.AddScaled(gradient, _derivatives[l], _items.Row(_drawn[l]), _width);
        }
    }

    // Adagrad with one sum a row: the gradient of an item's row is derivative · p, so its mean square is at hand.
    private void MoveItem(float* row, float derivative, float userNorm, float regularization)
    {
        ref float sum = ref FactorTable.Sum(row, _width);
        sum += derivative * derivative * userNorm * _perFactor;
        float rate = LearningRate / MathF.Sqrt(sum);
        FactorKernels.ScaleAndAdd(row, MathF.Max(0, 1 - (rate * regularization)), -rate * derivative, _user, _width);

        ref float biasSum = ref FactorTable.BiasSum(row, _width);
        biasSum += derivative * derivative;
        ref float bias = ref FactorTable.Bias(row, _width);
        bias -= LearningRate / MathF.Sqrt(biasSum) * (derivative + (_options.BiasRegularization * bias));
    }

    private void MoveUser(float* user, out float kept, out float rate)
    {
        float* gradient = _gradient.Pointer;
        ref float sum = ref FactorTable.Sum(user, _width);
        sum += FactorKernels.Dot(gradient, gradient, _width) * _perFactor;
        rate = LearningRate / MathF.Sqrt(sum);
        kept = MathF.Max(0, 1 - (rate * _options.UserRegularization));
        FactorKernels.ScaleAndAdd(user, kept, -rate, gradient, _width);
    }
}
