using System.Globalization;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Online;

/// <summary>
/// Snapshots by position in the log, newest first. One is written under a temporary name, flushed and renamed, so that
/// a crash leaves whole ones only.
/// </summary>
internal sealed class SnapshotFolder : IOnlineSnapshots
{
    private const string Temporary = ".tmp-";
    private readonly string _directory;
    private readonly int _kept;

    public SnapshotFolder(string directory, int kept)
    {
        _directory = directory;
        _kept = kept;
        Directory.CreateDirectory(directory);
        foreach (string leftover in Directory.GetDirectories(directory, Temporary + "*"))
        {
            Directory.Delete(leftover, recursive: true);
        }
    }

    /// <summary>Position of the oldest snapshot there is; 0 where there is none.</summary>
    public long Oldest => Positions().LastOrDefault();

    /// <summary>Writes one; the function fills the directory and returns the position.</summary>
    public long Save(Func<string, long> write)
    {
        string temporary = Path.Combine(_directory, Temporary + Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(temporary);
        try
        {
            long position = write(temporary);
            DurableFiles.FlushDirectory(temporary);
            string target = Name(position);
            if (Directory.Exists(target))
            {
                // Nothing was applied since: what stands there is the same state.
                Directory.Delete(temporary, recursive: true);
                return position;
            }

            Directory.Move(temporary, target);
            DurableFiles.FlushDirectory(_directory);
            foreach (long old in Positions().Skip(_kept))
            {
                Directory.Delete(Name(old), recursive: true);
            }

            return position;
        }
        catch (Exception e)
        {
            if (Directory.Exists(temporary))
            {
                Directory.Delete(temporary, recursive: true);
            }

            if (e is IOException or UnauthorizedAccessException)
            {
                throw new RecsysException($"{_directory}: the snapshot cannot be written: {e.Message.ReplaceLineEndings(" ")}", e);
            }

            throw;
        }
    }

    /// <summary>Loads the newest one that is whole; null where there is none from which the log can be followed.</summary>
    /// <param name="load">Loads a snapshot.</param>
    /// <param name="logStart">The first position that the log still has.</param>
    public OnlineState? LoadNewest(Func<string, OnlineState> load, long logStart)
    {
        ModelFormatException? damage = null;
        foreach (long position in Positions())
        {
            if (position < logStart)
            {
                break;
            }

            try
            {
                return load(Name(position));
            }
            catch (ModelFormatException e)
            {
                // An older one and more of the log give the same state.
                damage ??= e;
            }
        }

        return damage is null ? null : throw damage;
    }

    /// <inheritdoc/>
    Task<long> IOnlineSnapshots.OldestAsync(CancellationToken cancellationToken) => Task.FromResult(Oldest);

    /// <inheritdoc/>
    Task<long> IOnlineSnapshots.SaveAsync(Func<string, long> write, CancellationToken cancellationToken) =>
        Task.Run(() => Save(write), cancellationToken);

    /// <inheritdoc/>
    Task<OnlineState?> IOnlineSnapshots.LoadNewestAsync(
        Func<string, OnlineState> load, long journalStart, CancellationToken cancellationToken) =>
        Task.Run(() => LoadNewest(load, journalStart), cancellationToken);

    private long[] Positions() =>
    [
        .. Directory.GetDirectories(_directory).Select(Path.GetFileName)
            .Select(name => long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out long position) ? position : -1)
            .Where(position => position >= 0).OrderDescending(),
    ];

    private string Name(long position) => Path.Combine(_directory, position.ToString("D20", CultureInfo.InvariantCulture));
}
