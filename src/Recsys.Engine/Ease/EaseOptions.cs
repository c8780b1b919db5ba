using Recsys.Engine.Data;
using Recsys.Engine.Models;

namespace Recsys.Engine.Ease;

/// <summary>Options of <see cref="EaseTrainer"/>.</summary>
public sealed record EaseOptions : IAlgorithmOptions
{
    /// <summary>λ, added to the diagonal of the Gram matrix; in units of squared interaction weights. Must be positive.</summary>
    public double Regularization { get; init; } = 500;

    /// <summary>ν: an item's λ is multiplied by (XᵀX)_ii to this power. 0: the same λ for all. See <see cref="EaseDiagonal"/>.</summary>
    public double RegularizationExponent { get; init; }

    /// <summary>
    /// p in [0, 1): the share of every input that is taken for dropped while training, which adds p/(1 − p)·(XᵀX)_ii to the
    /// diagonal. See <see cref="EaseDiagonal"/>.
    /// </summary>
    public double Dropout { get; init; }

    /// <summary>What is done with negative weights.</summary>
    public NonNegativeMode NonNegative { get; init; } = NonNegativeMode.Off;

    /// <summary>
    /// Share of the n² weights to keep, those of largest magnitude, in (0, 1]; below 1 the model is stored sparse.
    /// </summary>
    public double Density { get; init; } = 1;

    /// <summary>Threads to use; 0 for one per processor. Does not change the model.</summary>
    public int Threads { get; init; }

    /// <summary>Partitions the Gram matrix's rows are split into, 1 to 64. Does not change the model.</summary>
    public int Partitions { get; init; } = 16;

    /// <summary>
    /// Options whose λ is chosen for a data set's size, as the command line does where none is given: one and a half times
    /// the variance that chance alone gives the Gram matrix's eigenvalues (<see cref="DataShape.NoiseLevel"/>, squared).
    /// docs/tuning.md has the figures.
    /// </summary>
    /// <exception cref="RecsysException">The data has no interaction.</exception>
    public static EaseOptions For(Dataset data) => For(DataShape.Of(data));

    /// <summary>The same for data of a shape.</summary>
    internal static EaseOptions For(DataShape shape)
    {
        double lambda = 1.5 * shape.NoiseLevel * shape.NoiseLevel * shape.MeanSquare;
        return new EaseOptions { Regularization = OptionBag.Round(lambda) };
    }

    /// <summary>Refuses what cannot be trained with.</summary>
    /// <exception cref="InvalidOptionException">An option is out of its range.</exception>
    public void Validate()
    {
        if (!(Regularization > 0) || double.IsInfinity(Regularization))
        {
            throw new InvalidOptionException($"regularization must be a positive number for EASE, not {Regularization}");
        }

        if (!double.IsFinite(RegularizationExponent))
        {
            throw new InvalidOptionException($"the regularization exponent must be a number, not {RegularizationExponent}");
        }

        if (!(Dropout >= 0 && Dropout < 1))
        {
            throw new InvalidOptionException($"dropout must be in [0, 1), not {Dropout}");
        }

        if (!(Density > 0 && Density <= 1))
        {
            throw new InvalidOptionException($"the density to sparsify to must be in (0, 1], not {Density}");
        }

        if (Threads < 0)
        {
            throw new InvalidOptionException($"threads must be 0 or more, not {Threads}");
        }

        if (Partitions is < 1 or > 64)
        {
            throw new InvalidOptionException($"partitions must be 1 to 64, not {Partitions}");
        }
    }
}
