namespace Recsys.Engine.Evaluation;

/// <summary>How the off-diagonal weights of an item-item matrix are spread. Weights that are exactly 0 stand in no bin.</summary>
/// <param name="Edges">Ascending ends of the bins, one more than there are bins; 0 is one of them.</param>
/// <param name="Counts">Weights in [edge, next edge).</param>
/// <param name="NegativeShare">Share of all weights that are below 0.</param>
/// <param name="ZeroShare">Share of all weights that are exactly 0.</param>
public sealed record WeightHistogram(double[] Edges, long[] Counts, double NegativeShare, double ZeroShare = 0)
{
    /// <summary>Whether the first and last bin also hold what lies beyond them.</summary>
    public bool OpenEnded { get; init; }

    /// <summary>Share of all weights that are above 0.</summary>
    public double PositiveShare => 1 - NegativeShare - ZeroShare;
}
