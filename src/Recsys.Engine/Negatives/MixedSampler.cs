namespace Recsys.Engine.Negatives;

/// <summary>Each negative is hard with probability <see cref="Fraction"/>, else a plain draw of the sampler beneath it.</summary>
public sealed class MixedSampler : INegativeSampler
{
    private readonly HardSampler _hard;
    private readonly INegativeSampler _plain;

    /// <summary>Creates it.</summary>
    /// <param name="fraction">Share of hard negatives in [0, 1].</param>
    /// <param name="candidates">Candidates drawn for each hard one.</param>
    /// <param name="source">Draws the candidates and the plain negatives.</param>
    public MixedSampler(double fraction, int candidates, INegativeSampler source)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(fraction);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(fraction, 1);
        Fraction = fraction;
        _plain = source;
        _hard = new HardSampler(candidates, source);
    }

    /// <summary>Share of hard negatives.</summary>
    public double Fraction { get; }

    /// <inheritdoc/>
    public int Sample(in NegativeRequest request, Span<int> items)
    {
        for (int d = 0; d < items.Length; d++)
        {
            ulong key = CounterRandom.Derive(request.Key, (ulong)d);
            bool hard = CounterRandom.Unit(CounterRandom.At(key, ulong.MaxValue)) < Fraction;
            var one = request.WithKey(key);
            if ((hard ? _hard.Sample(one, items.Slice(d, 1)) : _plain.Sample(one, items.Slice(d, 1))) == 0)
            {
                return d;
            }
        }

        return items.Length;
    }

    /// <inheritdoc/>
    public float LogProbability(int item) => _plain.LogProbability(item);

    /// <inheritdoc/>
    public void CountChanged(int item, int count) => _plain.CountChanged(item, count);

    /// <inheritdoc/>
    public void Clicked(int item) => _plain.Clicked(item);
}
