using System.Numerics;
using System.Runtime.InteropServices;
using Recsys.Engine.Compute;
using Recsys.Engine.Evaluation;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Blending;

/// <summary>The metric of blended scores on the sampled users, exactly as an evaluation would measure it.</summary>
internal sealed class BlendObjective
{
    private readonly IReadOnlyList<ValidationSample> _samples;
    private readonly Metric _metric;
    private readonly ComputePool _pool;
    private readonly RankingMetrics _metrics;
    private readonly float[][] _blended;
    private readonly int[][] _ranks;

    public BlendObjective(IReadOnlyList<ValidationSample> samples, Metric metric, ComputePool pool)
    {
        _samples = samples;
        _metric = metric;
        _pool = pool;
        _metrics = new RankingMetrics(metric.K);
        int longest = samples.Max(s => s.Candidates);
        _blended = [.. Enumerable.Range(0, pool.Threads).Select(_ => new float[longest])];
        _ranks = [.. Enumerable.Range(0, pool.Threads).Select(_ => new int[samples.Max(s => s.Relevant.Length)])];
    }

    /// <summary>The mean over users (indices of samples) with the same weights for all of them.</summary>
    public double Mean(int[] users, double[] weights) => Mean(users, _ => weights);

    /// <summary>The mean over users, each with the weights of its own.</summary>
    public double Mean(int[] users, Func<int, double[]> weights)
    {
        var values = new double[users.Length];
        const int Block = 16;
        _pool.Run((users.Length + Block - 1) / Block, (worker, block) =>
        {
            for (int n = block * Block; n < Math.Min(users.Length, (block + 1) * Block); n++)
            {
                values[n] = Value(worker, _samples[users[n]], weights(users[n]));
            }
        });
        return Evaluator.Mean(values);
    }

    private double Value(int worker, ValidationSample sample, double[] weights)
    {
        var blended = _blended[worker].AsSpan(0, sample.Candidates);
        blended.Clear();
        for (int m = 0; m < weights.Length; m++)
        {
            if (weights[m] != 0)
            {
                VectorMath.AddScaled(blended, (float)weights[m], sample.Scores.AsSpan(m * sample.Candidates, sample.Candidates));
            }
        }

        int hits = 0;
        var ranks = _ranks[worker];
        foreach (int place in sample.Relevant)
        {
            int rank = Rank(blended, place);
            if (rank < _metric.K)
            {
                ranks[hits++] = rank;
            }
        }

        ranks.AsSpan(0, hits).Sort();
        return _metrics.Value(_metric, ranks.AsSpan(0, hits), sample.RelevantCount);
    }

    /// <summary>How many candidates come before the one at a place; equal scores in item order.</summary>
    private static int Rank(ReadOnlySpan<float> scores, int place)
    {
        float score = scores[place];
        return Count(scores[..place], score, orEqual: true) + Count(scores[(place + 1)..], score, orEqual: false);
    }

    private static int Count(ReadOnlySpan<float> scores, float than, bool orEqual)
    {
        ref float first = ref MemoryMarshal.GetReference(scores);
        var limit = new Vector<float>(than);
        var counts = Vector<int>.Zero;
        int i = 0;
        for (; i <= scores.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            var x = Vector.LoadUnsafe(ref first, (nuint)i);
            counts -= orEqual ? Vector.GreaterThanOrEqual(x, limit) : Vector.GreaterThan(x, limit); // true is −1
        }

        int count = Vector.Sum(counts);
        for (; i < scores.Length; i++)
        {
            count += (orEqual ? scores[i] >= than : scores[i] > than) ? 1 : 0;
        }

        return count;
    }
}
