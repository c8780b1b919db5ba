using Orleans.Concurrency;
using Recsys.Engine.Als;

namespace Recsys.Grains.Training;

/// <summary>
/// A partition of users or items in a training run. Key: <c>TRAINING/user/03</c>. It wraps an Engine
/// <see cref="Engine.Als.StoredFactorPartition"/>; <see cref="RemoteFactorPartition"/> makes the address an
/// <see cref="Engine.Als.IFactorPartition"/> again. Steps take longer than a call may, so a call starts the step or finds it under way, waits
/// a moment, and tells how it stands. Any call may be repeated or lost.
/// </summary>
[Alias("recsys.factor-partition")]
public interface IFactorPartitionGrain : IPartitionGrain
{
    /// <summary>Starts a step unless it is under way or done.</summary>
    /// <exception cref="Engine.RecsysException">The step failed, or the run is not there.</exception>
    [Alias("step")]
    [AlwaysInterleave]
    Task<FactorAnswer> StepAsync(FactorStep step);

    /// <summary>
    /// Rows of a block as whitened for a half-epoch, from the silo that holds them to the one that needs them: those that it names of
    /// at most as many as fit in a message.
    /// </summary>
    [Alias("whitened-rows")]
    [AlwaysInterleave]
    ValueTask<FactorRows> GetWhitenedAsync(int phase, int block, int firstRow, int maxRows, [Immutable] RowSelection? wanted);

    /// <summary>Rows of factors as they are, for the model; at most what fits in a message.</summary>
    [Alias("factors")]
    [AlwaysInterleave]
    ValueTask<FactorRows> GetFactorsAsync(int block, int firstRow, int maxRows);
}
