using System.Numerics;
using System.Runtime.InteropServices;

namespace Recsys.Engine.Als;

/// <summary>A sum of outer products of factor rows: symmetric, k × k, row-major, never written after it was made.</summary>
public sealed class GramMatrix
{
    private readonly float[] _values;

    /// <summary>Wraps <paramref name="values"/>, which the matrix then owns.</summary>
    /// <exception cref="RecsysException">There are not size² values.</exception>
    public GramMatrix(int size, float[] values)
    {
        if (values.LongLength != (long)size * size)
        {
            throw new RecsysException($"Gram matrix: {values.LongLength} values for {size} × {size}");
        }

        Size = size;
        _values = values;
    }

    /// <summary>k.</summary>
    public int Size { get; }

    /// <summary>The values, row by row.</summary>
    public ReadOnlySpan<float> Values => _values;

    /// <summary>The element-wise sum.</summary>
    public static GramMatrix Add(GramMatrix left, GramMatrix right)
    {
        if (left.Size != right.Size)
        {
            throw new RecsysException($"Gram matrices of sizes {left.Size} and {right.Size} do not add up");
        }

        var sum = new float[left._values.Length];
        var a = MemoryMarshal.Cast<float, Vector<float>>(left._values);
        var b = MemoryMarshal.Cast<float, Vector<float>>(right._values);
        var s = MemoryMarshal.Cast<float, Vector<float>>(sum.AsSpan());
        for (int i = 0; i < s.Length; i++)
        {
            s[i] = a[i] + b[i];
        }

        for (int i = s.Length * Vector<float>.Count; i < sum.Length; i++)
        {
            sum[i] = left._values[i] + right._values[i];
        }

        return new GramMatrix(left.Size, sum);
    }

    /// <summary>⟨A, B⟩ = Σ_ij A_ij B_ij, summed in double in index order.</summary>
    public static double Inner(GramMatrix left, GramMatrix right)
    {
        double sum = 0;
        for (int i = 0; i < left._values.Length; i++)
        {
            sum += (double)left._values[i] * right._values[i];
        }

        return sum;
    }
}
