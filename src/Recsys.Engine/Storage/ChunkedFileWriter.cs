namespace Recsys.Engine.Storage;

/// <summary>
/// Writes a new file in large chunks while hashing it: a chunk goes to the disk on another thread while this one
/// hashes it and reads the next. Holds two chunks of memory however large the file is.
/// </summary>
internal static class ChunkedFileWriter
{
    /// <summary>
    /// Creates <paramref name="path"/> and reserves its bytes on the disk, so that a full disk shows at once; it is on the
    /// disk when this returns.
    /// </summary>
    public static ChunkedFile Write(string path, SafetensorsImage image, Action<long> written, CancellationToken cancellationToken)
    {
        using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, FileOptions.None, image.Bytes);
        using var sums = new ChunkHasher();
        byte[] chunk = GC.AllocateUninitializedArray<byte>(ChunkedFile.ChunkBytes);
        byte[] spare = GC.AllocateUninitializedArray<byte>(ChunkedFile.ChunkBytes);
        var writing = Task.CompletedTask;
        try
        {
            while (image.Position < image.Bytes)
            {
                long offset = image.Position;
                var bytes = chunk.AsMemory(0, image.Read(chunk));
                cancellationToken.ThrowIfCancellationRequested();
                writing.GetAwaiter().GetResult();
                if (image.Position == image.Bytes)
                {
                    RandomAccess.Write(file, bytes.Span, offset); // nothing is left to overlap it with
                }
                else
                {
                    // Not a thread of the pool: callers may have taken all of those, and we wait for this one.
                    writing = Task.Factory.StartNew(
                        () => RandomAccess.Write(file, bytes.Span, offset), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
                }

                sums.Append(bytes.Span);
                written(bytes.Length);
                (chunk, spare) = (spare, chunk);
            }
        }
        finally
        {
            // The file must not be closed under a write that is still going on.
            Task.WaitAny(writing);
            _ = writing.Exception;
        }

        writing.GetAwaiter().GetResult();
        RandomAccess.FlushToDisk(file);
        return sums.Finish();
    }
}
