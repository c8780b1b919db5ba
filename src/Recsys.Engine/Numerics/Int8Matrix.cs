using System.Runtime.Intrinsics;

namespace Recsys.Engine.Numerics;

/// <summary>
/// A copy of a matrix rounded to bytes, q = round(x / s), with a scale s = max|x| / 127 for each <see cref="Group"/> columns of a row: s·q is
/// within s / 2 of x, but for what the division loses (2⁻¹⁶ s). A quarter of the memory. Rows start on 64-byte boundaries. Immutable.
/// </summary>
internal sealed unsafe class Int8Matrix : IDisposable
{
    /// <summary>Columns that share a scale: a cache line of bytes.</summary>
    public const int Group = 64;

    // Smaller scales would divide badly; the elements below become zeros.
    private const float LeastScale = 1e-30f;

    private readonly NativeBuffer<sbyte> _buffer;

    /// <summary>Copies <paramref name="source"/>.</summary>
    public Int8Matrix(DenseMatrix source)
    {
        ArgumentNullException.ThrowIfNull(source);
        Rows = source.Rows;
        Columns = source.Columns;
        Scales = new DenseMatrix(Rows, (Columns + Group - 1) / Group);
        _buffer = new NativeBuffer<sbyte>((long)Rows * Stride);
        IsFinite = true;
        var group = stackalloc float[Group];
        for (int row = 0; row < Rows; row++)
        {
            var scales = Scales.Row(row);
            for (int g = 0; g < scales.Length; g++)
            {
                int first = g * Group;
                float* from = source.RowPointer(row) + first;
                if (first + Group > source.Stride)
                {
                    new Span<float>(group, Group).Clear();
                    source.Row(row)[first..].CopyTo(new Span<float>(group, Group));
                    from = group;
                }

                scales[g] = Copy(from, RowPointer(row) + first);
                IsFinite &= float.IsFinite(scales[g]);
            }
        }
    }

    /// <summary>Number of rows.</summary>
    public int Rows { get; }

    /// <summary>Number of columns.</summary>
    public int Columns { get; }

    /// <summary>Whether all elements were finite; where not, the copy says nothing of them.</summary>
    public bool IsFinite { get; }

    /// <summary>The scales, of <see cref="Rows"/> × ⌈<see cref="Columns"/> / <see cref="Group"/>⌉; 0 where all elements are.</summary>
    public DenseMatrix Scales { get; }

    private int Stride => Scales.Columns * Group;

    /// <summary>Bytes of a copy.</summary>
    public static long EstimateBytes(long rows, int columns) => rows * ((columns + Group - 1) / Group) * (Group + sizeof(float));

    /// <inheritdoc/>
    public void Dispose()
    {
        _buffer.Dispose();
        Scales.Dispose();
    }

    /// <summary>q of (<paramref name="row"/>, <paramref name="column"/>), bounds-checked.</summary>
    public sbyte Element(int row, int column)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)column, (uint)Columns, nameof(column));
        return _buffer[((long)row * Stride) + column];
    }

    /// <summary>The first element of a row, not bounds-checked.</summary>
    public sbyte* RowPointer(int row) => _buffer.Pointer + ((long)row * Stride);

    private static float Copy(float* from, sbyte* to)
    {
        var largest = Vector512<float>.Zero;
        for (int at = 0; at < Group; at += 16)
        {
            largest = Vector512.Max(largest, Vector512.Abs(Vector512.Load(from + at))); // a NaN stays one
        }

        var eight = Vector256.Max(largest.GetLower(), largest.GetUpper());
        var four = Vector128.Max(eight.GetLower(), eight.GetUpper());
        float scale = MathF.Max(MathF.Max(four[0], four[1]), MathF.Max(four[2], four[3]));
        if (scale > 0)
        {
            scale = MathF.Max(scale / 127, LeastScale);
            var divisor = Vector512.Create(scale);
            Vector512.Narrow(
                Vector512.Narrow(Round(from, divisor), Round(from + 16, divisor)),
                Vector512.Narrow(Round(from + 32, divisor), Round(from + 48, divisor))).Store(to);
        }

        return scale;
    }

    // To the nearest integer: a float as large as 1.5·2²³ has no place for more, and the integer is what its bits grow by.
    private static Vector512<int> Round(float* from, Vector512<float> divisor) =>
        ((Vector512.Load(from) / divisor) + Vector512.Create(12582912f)).AsInt32() - Vector512.Create(0x4B400000);
}
