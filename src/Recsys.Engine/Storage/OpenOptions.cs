using Recsys.Engine.Compute;

namespace Recsys.Engine.Storage;

/// <summary>How a stored model is opened.</summary>
public sealed record OpenOptions
{
    /// <summary>The defaults.</summary>
    public static OpenOptions Default { get; } = new();

    /// <summary>For loading a version beside one that answers.</summary>
    public static OpenOptions BesideServing { get; } = new() { Threads = ComputePool.BesideServing };

    /// <summary>When checksums are checked.</summary>
    public ModelVerification Verify { get; init; }

    /// <summary>Threads that read and check arrays; 0: one per processor.</summary>
    public int Threads { get; init; }
}
