namespace Recsys.Engine.Online;

/// <summary>Where snapshots of a state are kept, by their position in the journal.</summary>
internal interface IOnlineSnapshots
{
    /// <summary>Position of the oldest one; 0 where there is none.</summary>
    Task<long> OldestAsync(CancellationToken cancellationToken);

    /// <summary>Keeps one and gives up the oldest; the function fills a directory and returns the position.</summary>
    Task<long> SaveAsync(Func<string, long> write, CancellationToken cancellationToken);

    /// <summary>Loads the newest one that is whole; null where there is none from which the journal can be followed.</summary>
    /// <param name="load">Loads the snapshot in a directory.</param>
    /// <param name="journalStart">The first position that the journal still has.</param>
    /// <param name="cancellationToken">Stops loading.</param>
    Task<OnlineState?> LoadNewestAsync(Func<string, OnlineState> load, long journalStart, CancellationToken cancellationToken);
}
