using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Recsys.Engine.Numerics;

/// <summary>
/// Eigenvalues and eigenvectors of a small symmetric matrix in double: Householder reduction to tridiagonal form, then
/// implicit QL steps (Golub and Van Loan, Matrix Computations, §8.3). Element-wise operations and sums in one fixed order:
/// the same bits on every machine.
/// </summary>
internal static class SymmetricEigen
{
    private const int MaxSteps = 60;

    /// <summary>
    /// Overwrites the row-major n × n <paramref name="a"/> by its eigenvectors, one a row, and fills
    /// <paramref name="values"/> with their eigenvalues, in no particular order.
    /// </summary>
    /// <exception cref="RecsysException">The matrix is not finite, so that no steps converge.</exception>
    public static void Decompose(double[] a, int n, double[] values)
    {
        var off = new double[n];
        var scales = new double[n];
        Reduce(a, n, values, off, scales);
        var vectors = Accumulate(a, n, scales);
        Iterate(vectors, n, values, off);
        vectors.CopyTo(a, 0);
    }

    /// <summary>
    /// Tridiagonal form: diagonal and off-diagonal (off[i] between i and i + 1). Row j keeps the vector v of reflection j
    /// right of its diagonal, <paramref name="scales"/> its factor β in I − βvvᵀ.
    /// </summary>
    private static void Reduce(double[] a, int n, double[] diagonal, double[] off, double[] scales)
    {
        var product = new double[n];
        for (int j = 0; j < n; j++)
        {
            diagonal[j] = a[(j * n) + j];
            int first = j + 1;
            if (first >= n)
            {
                break;
            }

            var v = a.AsSpan((j * n) + first, n - first);
            double tail = Dot(v[1..], v[1..]);
            if (tail == 0)
            {
                off[j] = v[0];
                v.Clear();
                continue;
            }

            // v − σe₁ with σ of the sign that does not cancel.
            double length = Math.Sqrt((v[0] * v[0]) + tail);
            double target = v[0] > 0 ? -length : length;
            off[j] = target;
            v[0] -= target;
            double beta = 2 / ((v[0] * v[0]) + tail);
            scales[j] = beta;

            // A₂₂ −= v wᵀ + w vᵀ, w = p − (β/2)(p·v) v, p = βA₂₂v.
            var w = product.AsSpan(first, n - first);
            for (int i = first; i < n; i++)
            {
                w[i - first] = beta * Dot(a.AsSpan((i * n) + first, n - first), v);
            }

            Axpy(-0.5 * beta * Dot(w, v), v, w);
            for (int i = first; i < n; i++)
            {
                var row = a.AsSpan((i * n) + first, n - first);
                Axpy(-v[i - first], w, row);
                Axpy(-w[i - first], v, row);
            }
        }
    }

    /// <summary>The transpose of the product of all reflections.</summary>
    private static double[] Accumulate(double[] a, int n, double[] scales)
    {
        var q = new double[n * n];
        for (int i = 0; i < n; i++)
        {
            q[(i * n) + i] = 1;
        }

        var sum = new double[n];
        for (int j = n - 2; j >= 0; j--)
        {
            if (scales[j] == 0)
            {
                continue;
            }

            int first = j + 1;
            var v = a.AsSpan((j * n) + first, n - first);
            var s = sum.AsSpan(first, n - first);
            s.Clear();
            for (int i = first; i < n; i++)
            {
                Axpy(v[i - first], q.AsSpan((i * n) + first, n - first), s);
            }

            for (int i = first; i < n; i++)
            {
                Axpy(-scales[j] * v[i - first], s, q.AsSpan((i * n) + first, n - first));
            }
        }

        var transpose = new double[n * n];
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++)
            {
                transpose[(j * n) + i] = q[(i * n) + j];
            }
        }

        return transpose;
    }

    private static void Iterate(double[] vectors, int n, double[] d, double[] e)
    {
        // What is below the rounding of the largest element is zero: a matrix of low rank has many such.
        double scale = 0;
        for (int i = 0; i < n; i++)
        {
            scale = Math.Max(scale, Math.Abs(d[i]) + Math.Abs(e[i]));
        }

        double negligible = 1.1e-16 * scale;
        for (int l = 0; l < n; l++)
        {
            for (int steps = 0; ; steps++)
            {
                int m = l;
                while (m < n - 1 && !(Math.Abs(e[m]) <= negligible))
                {
                    m++;
                }

                if (m == l)
                {
                    break;
                }

                if (steps == MaxSteps)
                {
                    throw new RecsysException("the eigenvalues of a Gram matrix were not found: it is not finite");
                }

                Step(vectors, n, d, e, l, m);
            }
        }
    }

    /// <summary>One implicit QL step on the unreduced block [l, m] with Wilkinson's shift.</summary>
    private static void Step(double[] vectors, int n, double[] d, double[] e, int l, int m)
    {
        double half = (d[l + 1] - d[l]) / (2 * e[l]);
        double root = Math.Sqrt((half * half) + 1);
        double g = d[m] - d[l] + (e[l] / (half + (half < 0 ? -root : root)));
        double sine = 1, cosine = 1, shift = 0;
        for (int i = m - 1; i >= l; i--)
        {
            double f = sine * e[i];
            double b = cosine * e[i];
            double r = Math.Sqrt((f * f) + (g * g));
            e[i + 1] = r;
            if (r == 0)
            {
                // The block splits here.
                d[i + 1] -= shift;
                e[m] = 0;
                return;
            }

            sine = f / r;
            cosine = g / r;
            g = d[i + 1] - shift;
            r = ((d[i] - g) * sine) + (2 * cosine * b);
            shift = sine * r;
            d[i + 1] = g + shift;
            g = (cosine * r) - b;
            Rotate(vectors.AsSpan(i * n, n), vectors.AsSpan((i + 1) * n, n), cosine, sine);
        }

        d[l] -= shift;
        e[l] = g;
        e[m] = 0;
    }

    /// <summary>(x, y) = (c x − s y, s x + c y).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rotate(Span<double> x, Span<double> y, double cosine, double sine)
    {
        var c = Vector256.Create(cosine);
        var s = Vector256.Create(sine);
        int i = 0;
        for (; i + 4 <= x.Length; i += 4)
        {
            var a = Vector256.Create<double>(x[i..]);
            var b = Vector256.Create<double>(y[i..]);
            ((c * a) - (s * b)).CopyTo(x[i..]);
            ((s * a) + (c * b)).CopyTo(y[i..]);
        }

        for (; i < x.Length; i++)
        {
            (x[i], y[i]) = ((cosine * x[i]) - (sine * y[i]), (sine * x[i]) + (cosine * y[i]));
        }
    }

    /// <summary>Four sums, each of every fourth element, then added in pairs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double Dot(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        var sum = Vector256<double>.Zero;
        int i = 0;
        for (; i + 4 <= x.Length; i += 4)
        {
            sum += Vector256.Create(x[i..]) * Vector256.Create(y[i..]);
        }

        double total = (sum[0] + sum[1]) + (sum[2] + sum[3]);
        for (; i < x.Length; i++)
        {
            total += x[i] * y[i];
        }

        return total;
    }

    /// <summary>y += a x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Axpy(double a, ReadOnlySpan<double> x, Span<double> y)
    {
        var factor = Vector256.Create(a);
        int i = 0;
        for (; i + 4 <= y.Length; i += 4)
        {
            Vector256.FusedMultiplyAdd(factor, Vector256.Create(x[i..]), Vector256.Create<double>(y[i..])).CopyTo(y[i..]);
        }

        for (; i < y.Length; i++)
        {
            y[i] = Math.FusedMultiplyAdd(a, x[i], y[i]);
        }
    }
}
