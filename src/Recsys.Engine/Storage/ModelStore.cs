using System.Diagnostics;
using Recsys.Engine.Compute;

namespace Recsys.Engine.Storage;

/// <summary>
/// Models as directories: <c>manifest.json</c>, <c>model.safetensors</c>, <c>ids.safetensors</c>,
/// <c>histories.safetensors</c>. The formats and guarantees are described in docs/storage.md.
/// </summary>
public static class ModelStore
{
    private static readonly TimeSpan MaxOpening = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Writes a model to <paramref name="directory"/>, all or nothing: to a temporary sibling first, flushed to the
    /// disk, then renamed. Cancelling or failing leaves what stood there before and nothing else.
    /// </summary>
    /// <param name="contents">What to store; its memory must stay as it is until this returns.</param>
    /// <param name="directory">The directory to make or replace; its parents are made.</param>
    /// <param name="options">Whether a model that stands there is replaced.</param>
    /// <param name="progress">Told the bytes written, phase "save".</param>
    /// <param name="cancellationToken">Stops writing.</param>
    /// <exception cref="RecsysException">It cannot be written there, or something that is not to be replaced stands there.</exception>
    public static void Save(
        ModelContents contents,
        string directory,
        SaveOptions? options = null,
        IProgress<TrainingProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        using var image = new ModelImage(contents);
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            using var target = ModelDirectory.Begin(directory, (options ?? SaveOptions.Default).Overwrite);
            Write(image, target.Temporary, progress, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            target.Commit();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RecsysException($"{directory}: the model cannot be saved: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    /// <summary>Opens a stored model. A model that is being replaced meanwhile is seen as it was or as it becomes.</summary>
    /// <exception cref="ModelFormatException">Something of it is missing, truncated, altered, inconsistent or of a newer format.</exception>
    public static StoredModel Open(string directory, OpenOptions? options = null, CancellationToken cancellationToken = default)
    {
        long started = Stopwatch.GetTimestamp();
        for (int attempt = 1; ; attempt++)
        {
            string from = ModelDirectory.ForReading(directory);
            byte[]? manifest = null;
            try
            {
                manifest = Manifest.ReadBytes(from);
                using var files = new ModelFiles(from, manifest, options ?? OpenOptions.Default);
                if (IsStill(from, manifest))
                {
                    return files.Read(cancellationToken);
                }
            }
            catch (ModelFormatException) when (
                manifest is null ? attempt < 4 : !IsStill(from, manifest) || ModelDirectory.ForReading(directory) != from)
            {
                // Replaced while the files were opened one by one: what failed is of no interest any more. (Without
                // a manifest: perhaps between the two renames of a replacement.)
                Thread.Sleep(1);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new ModelFormatException(from, $"cannot be read: {e.Message.ReplaceLineEndings(" ")}", e);
            }

            cancellationToken.ThrowIfCancellationRequested();
            if (Stopwatch.GetElapsedTime(started) > MaxOpening)
            {
                throw new ModelFormatException(from, "is replaced over and over while it is opened");
            }
        }
    }

    private static void Write(
        ModelImage image, string directory, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        long total = image.Files.Sum(f => f.Image.Bytes);
        long done = 0;
        var files = new Dictionary<string, ChunkedFile>();
        foreach (var (name, content) in image.Files)
        {
            files[name] = ChunkedFileWriter.Write(
                Path.Combine(directory, name),
                content,
                bytes => progress?.Report(new TrainingProgress("save", done += bytes, total)),
                cancellationToken);
        }

        using var file = new FileStream(Path.Combine(directory, Manifest.FileName), FileMode.CreateNew, FileAccess.Write);
        file.Write(image.Describe(files).ToBytes());
        file.Flush(flushToDisk: true);
    }

    private static bool IsStill(string directory, byte[] manifest)
    {
        try
        {
            return Manifest.ReadBytes(directory).AsSpan().SequenceEqual(manifest);
        }
        catch (RecsysException)
        {
            return false;
        }
    }
}
