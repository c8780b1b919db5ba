using System.Diagnostics;

namespace Recsys.Engine.Storage;

/// <summary>
/// Journals as event logs in directories below one. The system's lock keeps a second writer out while the first one
/// lives, so taking over waits until it has closed the journal or ended.
/// </summary>
/// <param name="directory">The directory, on a disk that all who open journals share.</param>
/// <param name="options">Bounds of each log.</param>
/// <param name="patience">How long to wait for an earlier writer; 10 seconds by default.</param>
public sealed class FileJournals(string directory, EventLogOptions? options = null, TimeSpan? patience = null) : IEventJournals
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly TimeSpan _patience = patience ?? TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public async ValueTask<IEventJournal> OpenAsync(string name, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (name.AsSpan().ContainsAnyExcept(NameCharacters))
        {
            throw new InvalidOptionException($"a journal's name is of letters, digits, '-' and '_'; found '{name}'");
        }

        long began = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return await Task.Run(() => EventLog.Open(Path.Combine(directory, name), options), cancellationToken).ConfigureAwait(false);
            }
            catch (EventLogInUseException) when (Stopwatch.GetElapsedTime(began) < _patience)
            {
                await Task.Delay(Pause, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static readonly System.Buffers.SearchValues<char> NameCharacters =
        System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
}
