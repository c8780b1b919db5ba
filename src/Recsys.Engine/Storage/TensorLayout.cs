namespace Recsys.Engine.Storage;

/// <summary>Sizes of arrays: element, row, whole; overflow is caught.</summary>
internal static class TensorLayout
{
    public static int ElementBytes(TensorType type) => type switch
    {
        TensorType.F64 or TensorType.I64 => 8,
        TensorType.F32 or TensorType.I32 => 4,
        TensorType.F16 or TensorType.BF16 => 2,
        TensorType.I8 or TensorType.U8 => 1,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };

    /// <summary>Bytes of an array without padding; false where an extent is negative or the product overflows.</summary>
    public static bool TryBytes(TensorType type, IReadOnlyList<long> shape, out long bytes)
    {
        bytes = ElementBytes(type);
        bool empty = false;
        foreach (long extent in shape)
        {
            if (extent < 0)
            {
                return false;
            }

            empty |= extent == 0;
            if (extent > 0 && bytes > long.MaxValue / extent)
            {
                return false;
            }

            bytes *= Math.Max(extent, 1);
        }

        bytes = empty ? 0 : bytes;
        return true;
    }

    /// <summary>Bytes of one row (innermost extent) without padding; of a vector or scalar, of all of it.</summary>
    public static long RowPayload(TensorType type, IReadOnlyList<long> shape) =>
        shape.Count == 0 ? ElementBytes(type) : shape[^1] * ElementBytes(type);

    /// <summary>The element type that <typeparamref name="T"/> is stored as; 16-bit patterns go by either half type.</summary>
    public static bool Holds<T>(TensorType type)
        where T : unmanaged => type switch
        {
            TensorType.F32 => typeof(T) == typeof(float),
            TensorType.F64 => typeof(T) == typeof(double),
            TensorType.I32 => typeof(T) == typeof(int),
            TensorType.I64 => typeof(T) == typeof(long),
            TensorType.U8 => typeof(T) == typeof(byte),
            TensorType.I8 => typeof(T) == typeof(sbyte),
            TensorType.F16 => typeof(T) == typeof(Half) || typeof(T) == typeof(ushort),
            TensorType.BF16 => typeof(T) == typeof(ushort),
            _ => false,
        };

    public static string Describe(TensorType type, IReadOnlyList<long> shape) => $"{type} [{string.Join(", ", shape)}]";
}
