using Recsys.Engine.Data;

namespace Recsys.Engine.Storage;

/// <summary>
/// Id tables and histories as arrays. An id table is two arrays, <c>X.utf8</c> (U8: all ids' bytes in a row) and
/// <c>X.offsets</c> (I64, count + 1): ids may hold any bytes, line ends included. Histories are the three arrays of
/// compressed sparse rows, the values only where they are not all 1.
/// </summary>
internal static unsafe class StoredTables
{
    public const string IdsFile = "ids.safetensors";
    public const string HistoriesFile = "histories.safetensors";
    public const string Users = "users";
    public const string Items = "items";

    public static IReadOnlyDictionary<string, Tensor> FromIds(IdTable users, IdTable items)
    {
        var arrays = new Dictionary<string, Tensor>();
        Add(arrays, Users, users);
        Add(arrays, Items, items);
        return arrays;
    }

    /// <summary>The arrays of a matrix whose memory the caller keeps pinned.</summary>
    public static IReadOnlyDictionary<string, Tensor> FromHistories(SparseMatrix histories, long* offsets, int* columns, float* values)
    {
        var arrays = new Dictionary<string, Tensor>
        {
            ["row_offsets"] = View(TensorType.I64, (byte*)offsets, histories.Offsets.Length, sizeof(long)),
            ["columns"] = View(TensorType.I32, (byte*)columns, histories.AllColumns.Length, sizeof(int)),
        };
        if (histories.HasValues)
        {
            arrays["values"] = View(TensorType.F32, (byte*)values, histories.AllValues.Length, sizeof(float));
        }

        return arrays;

        Tensor View(TensorType type, byte* data, long length, int size) => new(type, [length], data, length * size, histories);
    }

    public static IdTable ReadIds(SafetensorsFile file, string path, string kind, int count)
    {
        var offsets = file.ReadArray<long>($"{kind}.offsets");
        var utf8 = file.ReadArray<byte>($"{kind}.utf8");
        if (offsets.Length != count + 1L)
        {
            throw new ModelFormatException(path, $"holds {offsets.Length - 1} {kind}, the manifest says {count}");
        }

        if (offsets[0] != 0 || offsets[^1] != utf8.Length)
        {
            throw new ModelFormatException(path, $"{kind}.offsets do not span {kind}.utf8");
        }

        var table = new IdTable();
        for (int i = 0; i < count; i++)
        {
            if (offsets[i + 1] <= offsets[i] || offsets[i + 1] > utf8.Length)
            {
                throw new ModelFormatException(path, $"{kind}.offsets do not ascend at {i}");
            }

            var id = utf8.AsSpan((int)offsets[i], (int)(offsets[i + 1] - offsets[i]));
            if (table.GetOrAdd(id) != i)
            {
                throw new ModelFormatException(path, $"{kind}: id {i} stands twice");
            }
        }

        return table;
    }

    public static SparseMatrix ReadHistories(SafetensorsFile file, string path, int users, int items)
    {
        var offsets = file.ReadArray<long>("row_offsets");
        var columns = file.ReadArray<int>("columns");
        var values = file.Tensors.ContainsKey("values") ? file.ReadArray<float>("values") : null;
        for (int r = 0; r + 1 < offsets.Length; r++)
        {
            if (offsets[r] < 0 || offsets[r + 1] < offsets[r] || offsets[r + 1] > columns.Length)
            {
                throw new ModelFormatException(path, $"row_offsets do not ascend at {r}");
            }
        }

        try
        {
            return new SparseMatrix(users, items, offsets, columns, values);
        }
        catch (RecsysException e)
        {
            throw new ModelFormatException(path, $"not the histories of {users} users and {items} items: {e.Message}", e);
        }
    }

    private static void Add(Dictionary<string, Tensor> arrays, string kind, IdTable ids)
    {
        var offsets = new long[ids.Count + 1];
        for (int i = 0; i < ids.Count; i++)
        {
            offsets[i + 1] = offsets[i] + ids.Utf8(i).Length;
        }

        var utf8 = new byte[offsets[^1]];
        for (int i = 0; i < ids.Count; i++)
        {
            ids.Utf8(i).CopyTo(utf8.AsSpan((int)offsets[i]));
        }

        arrays[$"{kind}.offsets"] = Tensor.Copy<long>(offsets, TensorType.I64);
        arrays[$"{kind}.utf8"] = Tensor.Copy<byte>(utf8, TensorType.U8);
    }
}
