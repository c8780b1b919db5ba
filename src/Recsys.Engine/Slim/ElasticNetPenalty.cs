namespace Recsys.Engine.Slim;

/// <summary>
/// What <see cref="ElasticNetColumn"/> minimises besides the squared error, and when it stops.
/// </summary>
/// <param name="L1">Weight of ‖w‖₁.</param>
/// <param name="L2">Weight of ½‖w‖²; 0 where the Gram matrix has it on its diagonal.</param>
/// <param name="NonNegative">Whether w ≥ 0.</param>
/// <param name="Sweeps">Most sweeps over the working set.</param>
/// <param name="Tolerance">Steps up to this size are not taken for steps.</param>
internal readonly record struct ElasticNetPenalty(float L1, float L2, bool NonNegative, int Sweeps, float Tolerance)
{
    /// <summary>
    /// Whether only items with G_ij > L1 can have a weight on j: true for w ≥ 0 where no element of G is negative, since
    /// then the gradient of every other coordinate, −G_ij + Σ_k G_ik w_k + L1, is never below 0.
    /// </summary>
    public bool Screens { get; init; }

    /// <summary>The best value of a coordinate whose gradient of the squared error, without its own part, is −z.</summary>
    public float Minimum(float z, float diagonal)
    {
        float shrunk = z > L1 ? z - L1 : z < -L1 && !NonNegative ? z + L1 : 0;
        return shrunk / (diagonal + L2);
    }

    /// <summary>By how much a coordinate at 0 with negative gradient <paramref name="z"/> wants to leave it; 0 or less: not at all.</summary>
    public float Excess(float z) => (NonNegative ? z : MathF.Abs(z)) - L1;
}
