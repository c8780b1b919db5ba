using System.Runtime.Intrinsics;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Als;

/// <summary>
/// The basis in which the rows of a half-epoch are solved. All rows share A₀ = g·QᵀQ + ρI (Q the fixed side, g the weight
/// of unobserved pairs, ρ the smallest regularization of any row). With A₀ = UᵀU, a row's system
/// (A₀ + δI + Σ e q qᵀ) x = Σ t q becomes, for z = U x and r = U⁻ᵀ q, (I + δM + Σ e r rᵀ) z = Σ t r with M = U⁻ᵀU⁻¹: the
/// shared part costs nothing any more, the system is far better conditioned, and a row with n &lt; k interactions is a
/// system of n unknowns. Scores do not change: x·q = z·r.
/// </summary>
/// <remarks>Computed in double with element-wise operations in a fixed order: the same bits on every machine.</remarks>
public sealed class AlsBasis
{
    private AlsBasis(GramMatrix gram, double gramWeight, double ridge, DenseMatrix whiten, DenseMatrix enter, DenseMatrix leave, DenseMatrix? identity)
    {
        Gram = gram;
        GramWeight = gramWeight;
        Ridge = ridge;
        Whiten = whiten;
        Enter = enter;
        Leave = leave;
        IdentityImage = identity;
    }

    /// <summary>QᵀQ.</summary>
    public GramMatrix Gram { get; }

    /// <summary>g.</summary>
    public double GramWeight { get; }

    /// <summary>ρ.</summary>
    public double Ridge { get; }

    /// <summary>Whether rows may have more regularization than ρ.</summary>
    public bool HasRowRidges => IdentityImage is not null;

    /// <summary>U⁻¹, upper triangular: r = q U⁻¹ as rows.</summary>
    internal DenseMatrix Whiten { get; }

    /// <summary>Uᵀ, lower triangular: z = x Uᵀ as rows.</summary>
    internal DenseMatrix Enter { get; }

    /// <summary>U⁻ᵀ, lower triangular: x = z U⁻ᵀ as rows.</summary>
    internal DenseMatrix Leave { get; }

    /// <summary>M = U⁻ᵀU⁻¹, what the identity becomes; null where no row has more regularization than ρ.</summary>
    internal DenseMatrix? IdentityImage { get; }

    /// <summary>Factors A₀.</summary>
    /// <param name="gram">QᵀQ.</param>
    /// <param name="gramWeight">g.</param>
    /// <param name="ridge">ρ.</param>
    /// <param name="rowRidges">Whether rows may have more regularization than ρ.</param>
    /// <param name="what">What is solved with it, for the error: "ALS: the system of user 'x'".</param>
    /// <exception cref="NotPositiveDefiniteException">A₀ is not positive definite.</exception>
    public static AlsBasis Create(GramMatrix gram, double gramWeight, double ridge, bool rowRidges, string what)
    {
        int k = gram.Size;
        var u = new double[k * k];
        var values = gram.Values;
        for (int i = 0; i < u.Length; i++)
        {
            u[i] = values[i] * gramWeight;
        }

        for (int i = 0; i < k; i++)
        {
            u[(i * k) + i] += ridge;
        }

        Factor(u, k, what);
        var inverse = Invert(u, k);
        int padded = (k + 15) & ~15;
        DenseMatrix whiten = new(padded, k), enter = new(padded, k), leave = new(padded, k);
        for (int i = 0; i < k; i++)
        {
            for (int j = i; j < k; j++)
            {
                whiten[i, j] = (float)inverse[(i * k) + j];
                leave[j, i] = (float)inverse[(i * k) + j];
                enter[j, i] = (float)u[(i * k) + j];
            }
        }

        return new AlsBasis(gram, gramWeight, ridge, whiten, enter, leave, rowRidges ? Image(inverse, k) : null);
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
                Axpy(-a[(h * k) + j], a.AsSpan((h * k) + j, k - j), a.AsSpan((j * k) + j, k - j));
            }

            pivot = a[(j * k) + j];

            // The Gram matrix was summed in float: what is left of a pivot below its rounding is noise.
            if (!(pivot > SmallCholesky<Ops128, Vector128<float>>.PivotTolerance * original) || !double.IsFinite(pivot))
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
                Axpy(-u[(i * k) + j], inverse.AsSpan((j * k) + j, k - j), row[j..]);
            }

            double scale = 1 / u[(i * k) + i];
            for (int c = i; c < k; c++)
            {
                row[c] *= scale;
            }
        }

        return inverse;
    }

    private static DenseMatrix Image(double[] inverse, int k)
    {
        var sum = new double[k * k];
        for (int h = 0; h < k; h++)
        {
            for (int i = h; i < k; i++)
            {
                Axpy(inverse[(h * k) + i], inverse.AsSpan((h * k) + h, k - h), sum.AsSpan((i * k) + h, k - h));
            }
        }

        var image = new DenseMatrix((k + 15) & ~15, k);
        for (int i = 0; i < k; i++)
        {
            for (int j = 0; j < k; j++)
            {
                image[i, j] = (float)sum[(i * k) + j];
            }
        }

        return image;
    }

    /// <summary>y += a x, one rounding an element.</summary>
    private static void Axpy(double a, ReadOnlySpan<double> x, Span<double> y)
    {
        int width = Vector256<double>.Count;
        var factor = Vector256.Create(a);
        int i = 0;
        for (; i + width <= y.Length; i += width)
        {
            var sum = Vector256.FusedMultiplyAdd(
                factor,
                Vector256.Create(x[i..]),
                Vector256.Create<double>(y[i..]));
            Vector256.CopyTo(sum, y[i..]);
        }

        for (; i < y.Length; i++)
        {
            y[i] = Math.FusedMultiplyAdd(a, x[i], y[i]);
        }
    }
}
