using Recsys.Engine.Compute;
using Recsys.Engine.Evaluation;

namespace Recsys.Engine.Blending;

/// <summary>
/// Fits weights on held-out users so that they do not merely remember them. The users are dealt into five folds; for each
/// fold weights are searched on the other four, for all users and from there for each band. What is used is the mean of
/// the five; how far a band goes its own way is chosen by what the left-out folds say.
/// </summary>
internal static class BlendFitter
{
    private const int Folds = 5;

    private static readonly double[] Shares = [0, 0.25, 0.5, 0.75, 1];

    public static BlendFit Fit(
        IReadOnlyList<ValidationSample> samples,
        int members,
        BlendOptions options,
        ComputePool pool,
        IProgress<TrainingProgress>? progress,
        CancellationToken cancellationToken)
    {
        var objective = new BlendObjective(samples, options.Metric, pool);
        int[] starts = BandStarts(samples, options.Bands);
        int[] bandOf = [.. samples.Select(s => starts.Count(start => start <= s.HistoryLength) - 1)];
        int[] all = [.. Enumerable.Range(0, samples.Count)];
        double[] alone = [.. Enumerable.Range(0, members).Select(m => objective.Mean(all, Unit(m, members)))];

        // Samples stand in hashed order already: every fifth is a random fifth. A fold of nobody would tell nothing.
        int folds = Math.Min(Folds, samples.Count);
        var common = new double[folds][];
        var own = new double[folds][][];
        for (int f = 0; f < folds; f++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int[] rest = folds == 1 ? all : [.. all.Where(u => u % folds != f)];
            common[f] = WeightSearch.From(members, w => objective.Mean(rest, w), options.Signed);
            own[f] = [.. Enumerable.Range(0, starts.Length).Select(b => Band(b, common[f], rest))];
            progress?.Report(new TrainingProgress("weights", f + 1, folds));
        }

        double share = 0;
        double value = double.NegativeInfinity;
        foreach (double candidate in starts.Length == 1 ? Shares.AsSpan(0, 1) : Shares)
        {
            // each user's value with the weights of the folds it is not in
            double found = objective.Mean(all, u => Between(common[u % folds], own[u % folds][bandOf[u]], candidate));
            if (found > value)
            {
                (share, value) = (candidate, found);
            }
        }

        var weights = Enumerable.Range(0, starts.Length).Select(b => Mean(Enumerable.Range(0, folds).Select(f => Between(common[f], own[f][b], share)), members));
        return new BlendFit(new BlendWeights(starts, [.. weights]), value, alone, samples.Count, share);

        double[] Band(int band, double[] from, int[] users)
        {
            int[] mine = [.. users.Where(u => bandOf[u] == band)];
            return starts.Length == 1 || mine.Length == 0 ? from : WeightSearch.Near(from, w => objective.Mean(mine, w), options.Signed);
        }
    }

    /// <summary>Quantiles of the users' history lengths; bands that would be empty are left out.</summary>
    internal static int[] BandStarts(IReadOnlyList<ValidationSample> samples, int bands)
    {
        int[] lengths = [.. samples.Select(s => s.HistoryLength).Order()];
        return [0, .. Enumerable.Range(1, bands - 1).Select(b => lengths[(int)((long)b * lengths.Length / bands)]).Where(s => s > lengths[0]).Distinct()];
    }

    private static double[] Unit(int member, int members) => [.. Enumerable.Range(0, members).Select(m => m == member ? 1.0 : 0)];

    private static double[] Between(double[] common, double[] own, double share) =>
        [.. common.Zip(own, (c, o) => ((1 - share) * c) + (share * o))];

    private static float[] Mean(IEnumerable<double[]> weights, int members)
    {
        var sum = new double[members];
        foreach (double[] one in weights)
        {
            for (int m = 0; m < members; m++)
            {
                sum[m] += one[m];
            }
        }

        return Array.ConvertAll(WeightSearch.Normalized(sum), w => (float)w);
    }
}
