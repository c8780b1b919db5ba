using MathNet.Numerics.Distributions;

namespace Recsys.Engine.Tests.Negatives;

/// <summary>Pearson's chi-square test of counted draws against probabilities.</summary>
internal static class ChiSquare
{
    /// <summary>
    /// Asserts that the counts could come from the distribution: p-value not below 0.001 (draws are seeded, so a test
    /// that passes always passes) and no draw where the probability is 0.
    /// </summary>
    public static void AssertFits(IReadOnlyList<double> probabilities, IReadOnlyList<long> counts) =>
        Assert.True(PValue(probabilities, counts) > 0.001, $"p = {PValue(probabilities, counts)}");

    public static double PValue(IReadOnlyList<double> probabilities, IReadOnlyList<long> counts)
    {
        Assert.Equal(1, probabilities.Sum(), 1e-6);
        long draws = counts.Sum();
        double statistic = 0;
        int cells = 0;
        double rareExpected = 0;
        long rare = 0;
        for (int i = 0; i < probabilities.Count; i++)
        {
            double expected = probabilities[i] * draws;
            if (probabilities[i] == 0)
            {
                Assert.Equal(0, counts[i]);
            }
            else if (expected < 5)
            {
                // Cells too rare for the approximation are taken together.
                rareExpected += expected;
                rare += counts[i];
            }
            else
            {
                statistic += Math.Pow(counts[i] - expected, 2) / expected;
                cells++;
            }
        }

        if (rareExpected >= 5)
        {
            statistic += Math.Pow(rare - rareExpected, 2) / rareExpected;
            cells++;
        }

        return 1 - ChiSquared.CDF(cells - 1, statistic);
    }
}
