using Recsys.Engine.Numerics;

namespace Recsys.Engine.Als;

/// <summary>
/// The basis in which the rows of a half-epoch are solved. All rows share A₀ = g·QᵀQ + ρI (Q the fixed side, g the weight
/// of unobserved pairs, ρ the smallest regularization of any row). With WᵀA₀W = I, a row's system
/// (A₀ + δI + Σ e q qᵀ) x = Σ t q becomes, for x = W z and r = Wᵀq, (I + δM + Σ e r rᵀ) z = Σ t r with M = WᵀW: the
/// shared part costs nothing any more, the system is far better conditioned, and a row with n &lt; k interactions is a
/// system of n unknowns. Scores do not change: x·q = z·r.
/// </summary>
/// <remarks>
/// Where all rows have the same regularization (δ = 0), W is the inverse of the Cholesky factor of A₀. Otherwise it is made
/// of the eigenvectors of QᵀQ, so that M is diagonal. Computed in double in a fixed order: the same bits on every machine.
/// </remarks>
public sealed class AlsBasis
{
    // The Gram matrix was summed in float: what is smaller than this share is noise.
    private const double SmallestShare = 1.2e-7;

    private AlsBasis(GramMatrix gram, double gramWeight, double ridge, bool rowRidges)
    {
        int k = gram.Size;
        int padded = (k + 15) & ~15;
        Gram = gram;
        GramWeight = gramWeight;
        Ridge = ridge;
        HasRowRidges = rowRidges;
        Whiten = new DenseMatrix(padded, k);
        Enter = new DenseMatrix(padded, k);
        Leave = new DenseMatrix(padded, k);
        IdentityImage = new DenseMatrix(1, k);
    }

    /// <summary>QᵀQ.</summary>
    public GramMatrix Gram { get; }

    /// <summary>g.</summary>
    public double GramWeight { get; }

    /// <summary>ρ.</summary>
    public double Ridge { get; }

    /// <summary>Whether rows may have more regularization than ρ.</summary>
    public bool HasRowRidges { get; }

    /// <summary>W: r = q W as rows.</summary>
    internal DenseMatrix Whiten { get; }

    /// <summary>W⁻ᵀ: z = x W⁻ᵀ as rows.</summary>
    internal DenseMatrix Enter { get; }

    /// <summary>Wᵀ: x = z Wᵀ as rows.</summary>
    internal DenseMatrix Leave { get; }

    /// <summary>The shape of <see cref="Whiten"/>.</summary>
    internal MatrixShape WhitenShape => HasRowRidges ? MatrixShape.Full : MatrixShape.Upper;

    /// <summary>The shape of <see cref="Enter"/> and <see cref="Leave"/>.</summary>
    internal MatrixShape OtherShape => HasRowRidges ? MatrixShape.Full : MatrixShape.Lower;

    /// <summary>The diagonal of M = WᵀW, where <see cref="HasRowRidges"/>.</summary>
    internal DenseMatrix IdentityImage { get; }

    /// <summary>Finds W.</summary>
    /// <param name="gram">QᵀQ.</param>
    /// <param name="gramWeight">g.</param>
    /// <param name="ridge">ρ.</param>
    /// <param name="rowRidges">Whether rows may have more regularization than ρ.</param>
    /// <param name="what">What is solved with it, for the error: "ALS: the system of user 'x'".</param>
    /// <exception cref="NotPositiveDefiniteException">A₀ is not positive definite.</exception>
    public static AlsBasis Create(GramMatrix gram, double gramWeight, double ridge, bool rowRidges, string what)
    {
        int k = gram.Size;
        var a = new double[k * k];
        var values = gram.Values;
        for (int i = 0; i < a.Length; i++)
        {
            a[i] = values[i] * gramWeight;
        }

        var basis = new AlsBasis(gram, gramWeight, ridge, rowRidges);
        if (rowRidges)
        {
            basis.FromEigenvectors(a, k, what);
        }
        else
        {
            for (int i = 0; i < k; i++)
            {
                a[(i * k) + i] += ridge;
            }

            basis.FromCholesky(a, k, what);
        }

        return basis;
    }

    /// <summary>A₀ = UᵀU, W = U⁻¹.</summary>
    private void FromCholesky(double[] u, int k, string what)
    {
        Factor(u, k, what);
        var inverse = Invert(u, k);
        for (int i = 0; i < k; i++)
        {
            for (int j = i; j < k; j++)
            {
                Whiten[i, j] = (float)inverse[(i * k) + j];
                Leave[j, i] = (float)inverse[(i * k) + j];
                Enter[j, i] = (float)u[(i * k) + j];
            }
        }
    }

    /// <summary>g·QᵀQ = E diag(d) Eᵀ, W = E diag(d + ρ)^−½.</summary>
    private void FromEigenvectors(double[] a, int k, string what)
    {
        var d = new double[k];
        SymmetricEigen.Decompose(a, k, d);
        double largest = d.Max() + Ridge;
        for (int j = 0; j < k; j++)
        {
            double value = d[j] + Ridge;
            if (!(value > SmallestShare * largest) || !double.IsFinite(value))
            {
                throw new NotPositiveDefiniteException(j, value, what);
            }

            double root = Math.Sqrt(value);
            IdentityImage[0, j] = (float)(1 / value);
            for (int i = 0; i < k; i++)
            {
                double e = a[(j * k) + i];
                Whiten[i, j] = (float)(e / root);
                Leave[j, i] = (float)(e / root);
                Enter[i, j] = (float)(e * root);
            }
        }
    }

    /// <summary>A = UᵀU by rows; U stays in the upper triangle.</summary>
    private static void Factor(double[] a, int k, string what)
    {
        for (int j = 0; j < k; j++)
        {
            double original = a[(j * k) + j];
            double pivot = original;
            for (int h = 0; h < j; h++)
            {
                SymmetricEigen.Axpy(-a[(h * k) + j], a.AsSpan((h * k) + j, k - j), a.AsSpan((j * k) + j, k - j));
            }

            pivot = a[(j * k) + j];
            if (!(pivot > SmallestShare * original) || !double.IsFinite(pivot))
            {
                throw new NotPositiveDefiniteException(j, pivot, what);
            }

            double scale = 1 / Math.Sqrt(pivot);
            var row = a.AsSpan((j * k) + j, k - j);
            for (int c = 0; c < row.Length; c++)
            {
                row[c] *= scale;
            }
        }
    }

    /// <summary>U⁻¹ by rows from the last one.</summary>
    private static double[] Invert(double[] u, int k)
    {
        var inverse = new double[k * k];
        for (int i = k - 1; i >= 0; i--)
        {
            var row = inverse.AsSpan(i * k, k);
            row[i] = 1;
            for (int j = i + 1; j < k; j++)
            {
                SymmetricEigen.Axpy(-u[(i * k) + j], inverse.AsSpan((j * k) + j, k - j), row[j..]);
            }

            double scale = 1 / u[(i * k) + i];
            for (int c = i; c < k; c++)
            {
                row[c] *= scale;
            }
        }

        return inverse;
    }
}
