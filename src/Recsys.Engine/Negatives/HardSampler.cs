namespace Recsys.Engine.Negatives;

/// <summary>
/// Hard negatives: each is the one of <see cref="Candidates"/> draws of another sampler that the current model scores
/// highest (dynamic negative sampling, Zhang et al. 2013). Of equal scores the first drawn is kept.
/// </summary>
public sealed class HardSampler : INegativeSampler
{
    private const int MaxCandidates = 1024;
    private readonly INegativeSampler _source;

    /// <summary>Creates it over the sampler that draws the candidates.</summary>
    public HardSampler(int candidates, INegativeSampler source)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(candidates, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(candidates, MaxCandidates);
        Candidates = candidates;
        _source = source;
    }

    /// <summary>Candidates drawn for each negative, M.</summary>
    public int Candidates { get; }

    /// <inheritdoc/>
    public int Sample(in NegativeRequest request, Span<int> items)
    {
        var scorer = request.Scorer ?? throw new InvalidOperationException("hard negatives need the current model");
        Span<int> candidates = stackalloc int[Candidates];
        Span<float> scores = stackalloc float[Candidates];
        for (int d = 0; d < items.Length; d++)
        {
            int drawn = _source.Sample(request.WithKey(CounterRandom.Derive(request.Key, (ulong)d)), candidates);
            if (drawn == 0)
            {
                return d;
            }

            scorer.Score(candidates[..drawn], scores[..drawn]);
            int best = 0;
            for (int c = 1; c < drawn; c++)
            {
                best = scores[c] > scores[best] ? c : best;
            }

            items[d] = candidates[best];
        }

        return items.Length;
    }

    /// <inheritdoc/>
    public float LogProbability(int item) => _source.LogProbability(item);

    /// <inheritdoc/>
    public void CountChanged(int item, int count) => _source.CountChanged(item, count);

    /// <inheritdoc/>
    public void Clicked(int item) => _source.Clicked(item);
}
