using Recsys.Engine.Numerics;

namespace Recsys.Engine.Storage;

/// <summary>
/// A view of an array in native or mapped memory: type, shape (row-major) and where row r starts. Rows may be padded
/// in memory (<see cref="RowBytes"/> apart); they are stored without padding.
/// </summary>
public sealed unsafe class Tensor
{
    private readonly object? _owner;

    /// <summary>Describes memory that <paramref name="owner"/> keeps alive.</summary>
    public Tensor(TensorType type, IReadOnlyList<long> shape, byte* data, long rowBytes, object? owner)
    {
        Type = type;
        Shape = shape;
        Data = data;
        RowBytes = rowBytes;
        _owner = owner;
    }

    /// <summary>Element type.</summary>
    public TensorType Type { get; }

    /// <summary>Extent of each dimension, outermost first.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>The first element.</summary>
    public byte* Data { get; }

    /// <summary>Bytes from one row (innermost dimension) to the next; for one dimension, the bytes of all of it.</summary>
    public long RowBytes { get; }

    /// <summary>What keeps the memory alive: hold on to it (through this tensor) while using <see cref="Data"/>.</summary>
    public object? Owner => _owner;

    /// <summary>A view of a matrix, rows × columns, float32.</summary>
    public static Tensor From(DenseMatrix matrix) =>
        new(TensorType.F32, [matrix.Rows, matrix.Columns], (byte*)matrix.Pointer, (long)matrix.Stride * sizeof(float), matrix);

    /// <summary>A view of a buffer of <paramref name="type"/>, one dimension.</summary>
    public static Tensor From<T>(NativeBuffer<T> buffer, TensorType type)
        where T : unmanaged =>
        new(type, [buffer.Length], (byte*)buffer.Pointer, buffer.Length * sizeof(T), buffer);

    /// <summary>A copy of <paramref name="values"/>, one dimension.</summary>
    public static Tensor Copy<T>(ReadOnlySpan<T> values, TensorType type)
        where T : unmanaged
    {
        var buffer = new NativeBuffer<T>(values.Length);
        values.CopyTo(buffer.AsSpan());
        return From(buffer, type);
    }
}
