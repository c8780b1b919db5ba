using Recsys.Engine.Negatives;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Logistic;

/// <summary>
/// Finds factors for a history with the items held fixed: from p = 0, some passes of the training step on p alone. Every
/// step adds a multiple of a clicked item's row and of its negatives' rows, so p = Σ_j a_j q_j + (negatives' part):
/// the a_j are what explanations are made of. Randomness is keyed by pass and item: the same history, the same p.
/// Holds scratch memory: one instance a thread at a time.
/// </summary>
internal sealed unsafe class LmfFoldIn : IDisposable
{
    private readonly LmfOptions _options;
    private readonly FactorTable _items;
    private readonly INegativeSampler _sampler;
    private readonly LmfStep _step;
    private readonly NativeBuffer<float> _user;
    private int[] _order = [];

    public LmfFoldIn(LmfOptions options, FactorTable items, ItemCounts counts, INegativeSampler sampler, float[]? logProbability)
    {
        _options = options;
        _items = items;
        _sampler = sampler;
        _step = new LmfStep(options, items, counts, options.FoldInNegatives, logProbability);
        _user = new NativeBuffer<float>(items.Stride);
    }

    /// <summary>The factors found, padded and aligned; valid until the next call.</summary>
    public float* User => _user.Pointer;

    /// <summary>Folds a history in; <paramref name="coefficients"/> receives a_j of each item where it is not empty.</summary>
    public void Run(ReadOnlySpan<int> items, ReadOnlySpan<float> weights, Span<float> coefficients)
    {
        float* user = _user.Pointer;
        _user.AsSpan().Clear();
        FactorTable.Sum(user, _items.Width) = _options.InitialSum;
        coefficients.Clear();
        if (_order.Length < items.Length)
        {
            _order = new int[Math.Max(items.Length, _order.Length * 2)];
        }

        ulong key = LmfKeys.FoldIn(_options.Seed);
        for (int epoch = 0; epoch < _options.FoldInEpochs; epoch++)
        {
            ulong epochKey = CounterRandom.Derive(key, (ulong)epoch);
            Shuffle(items.Length, epochKey);
            for (int t = 0; t < items.Length; t++)
            {
                int place = _order[t];
                float weight = weights.IsEmpty ? 1 : weights[place];
                float added = _step.LearnUser(
                    user, items[place], weight, items, _sampler, CounterRandom.Derive(epochKey, (ulong)items[place]), out float kept);
                if (!coefficients.IsEmpty)
                {
                    Scale(coefficients, kept);
                    coefficients[place] += added;
                }
            }
        }
    }

    public void Dispose()
    {
        _step.Dispose();
        _user.Dispose();
    }

    private static void Scale(Span<float> values, float factor)
    {
        foreach (ref float value in values)
        {
            value *= factor;
        }
    }

    private void Shuffle(int count, ulong key)
    {
        for (int i = 0; i < count; i++)
        {
            int j = (int)CounterRandom.Below(CounterRandom.At(key, (ulong)i), (ulong)i + 1);
            _order[i] = _order[j];
            _order[j] = i;
        }
    }
}
