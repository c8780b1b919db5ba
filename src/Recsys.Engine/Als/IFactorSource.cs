namespace Recsys.Engine.Als;

/// <summary>
/// Where the partitions of one process get the other side's whitened rows: each block is fetched once a phase and shared.
/// </summary>
public interface IFactorSource
{
    /// <summary>All rows as whitened for <paramref name="phase"/>; hold the table while you read it (<see cref="HoldAsync"/>).</summary>
    Task<FactorTable> GetAsync(int phase, CancellationToken cancellationToken);

    /// <summary>The same, held: <see cref="FactorTable.Release"/> it.</summary>
    /// <param name="phase">The half-epoch.</param>
    /// <param name="fetch">Stops the fetching, which is for all partitions of the process.</param>
    /// <param name="wait">Stops waiting for it.</param>
    internal async Task<FactorTable> HoldAsync(int phase, CancellationToken fetch, CancellationToken wait)
    {
        while (true)
        {
            var table = await GetAsync(phase, fetch).WaitAsync(wait).ConfigureAwait(false);
            if (table.TryHold())
            {
                return table;
            }
        }
    }
}
