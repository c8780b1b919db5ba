using Recsys.Engine.Negatives;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Logistic;

/// <summary>
/// Finds factors for a history with the items held fixed: from p = 0, some passes of the training step on p alone, of
/// which the second half is averaged. Every step adds a multiple of a clicked item's row and of its negatives' rows, so p = Σ_j a_j q_j + (negatives' part):
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
    private readonly NativeBuffer<float> _average;
    private int[] _order = [];
    private float[] _present = [];

    public LmfFoldIn(LmfOptions options, FactorTable items, ItemCounts counts, INegativeSampler sampler, float[]? logProbability)
    {
        _options = options;
        _items = items;
        _sampler = sampler;
        _step = new LmfStep(options, items, counts, options.FoldInNegatives, logProbability);
        _user = new NativeBuffer<float>(items.Stride);
        _average = new NativeBuffer<float>(items.Width);
    }

    /// <summary>The factors found, padded and aligned; valid until the next call.</summary>
    public float* User => _average.Pointer;

    /// <summary>Folds a history in; <paramref name="coefficients"/> receives a_j of each item where it is not empty.</summary>
    public void Run(ReadOnlySpan<int> items, ReadOnlySpan<float> weights, Span<float> coefficients)
    {
        float* user = _user.Pointer;
        float* average = _average.Pointer;
        _user.AsSpan().Clear();
        _average.AsSpan().Clear();
        FactorTable.Sum(user, _items.Width) = _options.InitialSum;
        coefficients.Clear();
        if (_order.Length < items.Length)
        {
            int length = Math.Max(items.Length, _order.Length * 2);
            _order = new int[length];
            _present = new float[length];
        }

        var present = coefficients.IsEmpty ? default : _present.AsSpan(0, items.Length);
        present.Clear();

        // The steps of the second half of the passes are averaged: what single samples did cancels out.
        int from = _options.FoldInEpochs / 2;
        float share = 1f / Math.Max(1, (_options.FoldInEpochs - from) * items.Length);
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
                if (!present.IsEmpty)
                {
                    Scale(present, kept);
                    present[place] += added;
                }

                if (epoch >= from)
                {
                    FactorKernels.AddScaled(average, share, user, _items.Width);
                    for (int i = 0; i < present.Length; i++)
                    {
                        coefficients[i] += share * present[i];
                    }
                }
            }
        }
    }

    public void Dispose()
    {
        _step.Dispose();
        _user.Dispose();
        _average.Dispose();
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
