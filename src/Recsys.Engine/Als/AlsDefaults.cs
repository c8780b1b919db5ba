using Recsys.Engine.Models;

namespace Recsys.Engine.Als;

/// <summary>
/// α and λ from the size of the data, where they are not given. Two observations on real data (docs/tuning.md has the
/// figures): α is best where the few interactions and the many other pairs keep a balance, so it rises as density falls;
/// λ is best at a few times the data's noise level.
/// </summary>
internal static class AlsDefaults
{
    private const double AlphaScale = 2;
    private const double LowestAlpha = 5;
    private const double HighestAlpha = 50;
    private const double NoiseLevels = 4;

    /// <summary>2 / √density, from 5 to 50, for interactions of the mean weight.</summary>
    public static double Alpha(DataShape shape) => OptionBag.Round(BalancedAlpha(shape) / shape.MeanWeight);

    /// <summary>
    /// λ: four noise levels at the α above; for another α it goes with √(1 + α); then converted to the form of the loss
    /// that <paramref name="options"/> ask for (docs/als-conventions.md).
    /// </summary>
    public static double Regularization(DataShape shape, AlsOptions options)
    {
        double unobserved = options.UnobservedWeight ?? 1;
        double alpha = options.EffectiveAlpha * shape.MeanWeight / unobserved;
        double lambda = NoiseLevels * shape.NoiseLevel * Math.Sqrt((1 + alpha) / (1 + BalancedAlpha(shape)));
        if (options.UnobservedWeight is not null && alpha > 0)
        {
            lambda *= unobserved * alpha / (1 + alpha);
        }

        if (options.RegularizationExponent != 0)
        {
            // λw of a row between the mean user and the mean item is what λ would be without the exponent.
            var unit = options with { Regularization = 1 };
            double user = unit.RowRegularization(Mean(shape, shape.Users), shape.Items);
            double item = unit.RowRegularization(Mean(shape, shape.Items), shape.Users);
            lambda /= Math.Sqrt(user * item);
        }

        return OptionBag.Round(lambda);
    }

    private static double BalancedAlpha(DataShape shape) =>
        Math.Clamp(AlphaScale / Math.Sqrt(shape.Density), LowestAlpha, HighestAlpha);

    private static long Mean(DataShape shape, int rows) => Math.Max(1, shape.Interactions / rows);
}
