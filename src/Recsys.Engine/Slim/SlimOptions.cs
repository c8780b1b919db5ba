using Recsys.Engine.Data;
using Recsys.Engine.Models;

namespace Recsys.Engine.Slim;

/// <summary>
/// Options of <see cref="SlimTrainer"/>. Each column w of the weights minimises
/// ½‖x_j − Xw‖² + ½·L2·‖w‖² + L1·‖w‖₁ over w_j = 0 and, unless <see cref="NonNegative"/> is off, w ≥ 0
/// (Ning and Karypis, "SLIM: Sparse Linear Methods for Top-N Recommender Systems", ICDM 2011, eq. 2 and 3): sums over
/// users, not means.
/// </summary>
public sealed record SlimOptions : IAlgorithmOptions
{
    /// <summary>Weight of ‖w‖₁, in units of squared interaction weights: what makes the weights sparse. Not negative.</summary>
    public double L1 { get; init; } = 0.5;

    /// <summary>Weight of ½‖w‖², in the same units; with L1 = 0 and negative weights allowed this is EASE's λ. Not negative.</summary>
    public double L2 { get; init; } = 100;

    /// <summary>Whether weights must not be negative, as in the paper.</summary>
    public bool NonNegative { get; init; } = true;

    /// <summary>Most sweeps of coordinate descent a column.</summary>
    public int Iterations { get; init; } = 1000;

    /// <summary>
    /// A column is done when no step of coordinate descent would change a weight by more than this.
    /// </summary>
    public double Tolerance { get; init; } = 1e-4;

    /// <summary>Threads to use; 0 for one per processor. Does not change the model.</summary>
    public int Threads { get; init; }

    /// <summary>
    /// Options whose L2 is chosen for a data set's size, as the command line does where none is given: half of the variance
    /// that chance alone gives the Gram matrix's eigenvalues (<see cref="DataShape.NoiseLevel"/>, squared), a third of what
    /// EASE takes, since L1 regularizes too. L1 is half a squared weight.
    /// </summary>
    /// <exception cref="RecsysException">The data has no interaction.</exception>
    public static SlimOptions For(Dataset data)
    {
        var shape = DataShape.Of(data);
        return new SlimOptions
        {
            L1 = OptionBag.Round(0.5 * shape.MeanSquare),
            L2 = OptionBag.Round(0.5 * shape.NoiseLevel * shape.NoiseLevel * shape.MeanSquare),
        };
    }

    /// <summary>Refuses what cannot be trained with.</summary>
    /// <exception cref="InvalidOptionException">An option is out of its range.</exception>
    public void Validate()
    {
        Require(double.IsFinite(L1) && L1 >= 0, $"l1 must be a number of 0 or more, not {L1}");
        Require(double.IsFinite(L2) && L2 >= 0, $"l2 must be a number of 0 or more, not {L2}");
        Require(L1 + L2 > 0, "one of l1 and l2 must be above 0");
        Require(Iterations >= 1, $"iterations must be 1 or more, not {Iterations}");
        Require(double.IsFinite(Tolerance) && Tolerance > 0, $"tolerance must be a number above 0, not {Tolerance}");
        Require(Threads >= 0, $"threads must be 0 or more, not {Threads}");
    }

    private static void Require(bool holds, string message)
    {
        if (!holds)
        {
            throw new InvalidOptionException(message);
        }
    }
}
