namespace Recsys.Engine.Negatives;

/// <summary>f^a in fixed point, 2⁻¹⁶ a unit: integers add up to the same sum in any order.</summary>
internal static class PopularityWeight
{
    private const double Unit = 65536;

    public static ulong Of(int count, double exponent) =>
        count <= 0 ? 0 : Math.Max(1, (ulong)Math.Round(Math.Pow(count, exponent) * Unit));
}
