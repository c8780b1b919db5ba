namespace Recsys.Engine.Storage;

/// <summary>Writes arrays as one safetensors file, row by row without padding.</summary>
internal static unsafe class SafetensorsWriter
{
    /// <summary>Bytes the file will have.</summary>
    public static long FileBytes(IReadOnlyDictionary<string, Tensor> tensors)
    {
        var (header, infos) = SafetensorsHeader.Build(tensors);
        return header.Length + infos.Sum(t => t.Bytes);
    }

    /// <summary>Creates <paramref name="path"/>; it is on the disk when this returns.</summary>
    public static ChunkedFile Write(
        string path, IReadOnlyDictionary<string, Tensor> tensors, Action<long> written, CancellationToken cancellationToken)
    {
        var (header, infos) = SafetensorsHeader.Build(tensors);
        using var writer = new ChunkedFileWriter(path, header.Length + infos.Sum(t => t.Bytes), written, cancellationToken);
        writer.Append(header);
        foreach (var info in infos)
        {
            Append(writer, tensors[info.Name], info.Bytes);
        }

        return writer.Finish();
    }

    private static void Append(ChunkedFileWriter writer, Tensor tensor, long bytes)
    {
        long payload = TensorLayout.RowPayload(tensor.Type, tensor.Shape);
        if (bytes == 0 || tensor.Shape.Count < 2 || tensor.RowBytes == payload)
        {
            writer.Append(tensor.Data, bytes);
        }
        else
        {
            long rows = bytes / payload;
            for (long r = 0; r < rows; r++)
            {
                writer.Append(tensor.Data + (r * tensor.RowBytes), payload);
            }
        }

        GC.KeepAlive(tensor.Owner);
    }
}
