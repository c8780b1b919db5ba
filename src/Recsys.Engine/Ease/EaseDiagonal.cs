namespace Recsys.Engine.Ease;

/// <summary>
/// What is added to the diagonal of XᵀX. With g = (XᵀX)_ii the element of item i:
/// Λ_ii = λ·g^ν + p/(1 − p)·g. The first term is EASE's ridge (ν = 0; for items without interactions λ whatever ν is), the
/// second is what training on inputs of which a share p is dropped at random amounts to (Steck, "Autoencoders that don't
/// Overfit towards the Identity", NeurIPS 2020: the full-rank EDLAE, whose loss counts the dropped inputs alone).
/// </summary>
/// <param name="Regularization">λ.</param>
/// <param name="Exponent">ν.</param>
/// <param name="Dropout">p, in [0, 1).</param>
public readonly record struct EaseDiagonal(double Regularization, double Exponent = 0, double Dropout = 0)
{
    /// <summary>Nothing is added.</summary>
    public static EaseDiagonal None => default;

    /// <summary>That of the options.</summary>
    public static EaseDiagonal Of(EaseOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new EaseDiagonal(options.Regularization, options.RegularizationExponent, options.Dropout);
    }

    /// <summary>(XᵀX + Λ)_ii from (XᵀX)_ii.</summary>
    public float Add(float gram)
    {
        double ridge = Exponent == 0 || gram == 0 ? Regularization : Regularization * Math.Pow(gram, Exponent);
        return gram + (float)(ridge + (Dropout / (1 - Dropout) * gram));
    }
}
