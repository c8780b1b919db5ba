namespace Recsys.Engine.Blending;

/// <summary>
/// Searches weights that make the objective large: up and down along one member's weight at a time, in steps that get
/// shorter. The objective is a step function of the weights, so there is no gradient to follow; with a handful of
/// members none is needed. The shortest step is long on purpose: finer differences are noise of the users at hand.
/// </summary>
internal static class WeightSearch
{
    private const int Rounds = 5;

    private static readonly double[] Steps = [0.2, 0.1, 0.05];

    /// <summary>The best weights found from several starts: each member alone, all of them alike.</summary>
    /// <param name="members">Number of members.</param>
    /// <param name="objective">What is to be made large.</param>
    /// <param name="signed">Whether weights may be negative.</param>
    public static double[] From(int members, Func<double[], double> objective, bool signed)
    {
        double[][] starts =
        [
            .. Enumerable.Range(0, members).Select(m => Enumerable.Range(0, members).Select(k => k == m ? 1.0 : 0).ToArray()),
            Enumerable.Repeat(1.0 / members, members).ToArray(),
        ];
        double[] values = [.. starts.Select(objective)];
        int single = Enumerable.Range(0, members).MaxBy(m => values[m]);
        double[] best = starts[single];
        double bestValue = double.NegativeInfinity;
        foreach (int start in new[] { single, members }.Distinct())
        {
            var (weights, value) = Climb(starts[start], values[start], objective, signed, Steps);
            if (value > bestValue)
            {
                (best, bestValue) = (weights, value);
            }
        }

        return best;
    }

    /// <summary>The best weights found near <paramref name="start"/>.</summary>
    public static double[] Near(double[] start, Func<double[], double> objective, bool signed) =>
        Climb(start, objective(start), objective, signed, Steps.AsSpan(1)).Weights;

    /// <summary>The same weights with magnitudes that sum to 1; as they are where all are 0.</summary>
    public static double[] Normalized(double[] weights)
    {
        double sum = weights.Sum(Math.Abs);
        return sum > 0 ? Array.ConvertAll(weights, w => w / sum) : weights;
    }

    private static (double[] Weights, double Value) Climb(
        double[] start, double startValue, Func<double[], double> objective, bool signed, ReadOnlySpan<double> steps)
    {
        var weights = start;
        double value = startValue;
        foreach (double step in steps)
        {
            bool moved = true;
            for (int round = 0; moved && round < Rounds; round++)
            {
                moved = false;
                for (int m = 0; m < weights.Length; m++)
                {
                    foreach (double move in new[] { step, -step })
                    {
                        double[] trial = [.. weights];
                        trial[m] = signed ? trial[m] + move : Math.Max(0, trial[m] + move);
                        if (trial[m] == weights[m] || trial.All(w => w == 0))
                        {
                            continue;
                        }

                        trial = Normalized(trial);
                        double found = objective(trial);
                        if (found > value)
                        {
                            (weights, value, moved) = (trial, found, true);
                        }
                    }
                }
            }
        }

        return (weights, value);
    }
}
