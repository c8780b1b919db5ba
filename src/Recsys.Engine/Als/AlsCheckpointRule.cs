namespace Recsys.Engine.Als;

/// <summary>
/// When the factors of an iteration are stored: when the work since the last checkpoint is worth it. A loss then costs at most
/// the seconds of a checkpoint divided by <see cref="Share"/>, and checkpoints take that share of the time.
/// </summary>
public sealed record AlsCheckpointRule
{
    /// <summary>Most of the time that may go into checkpoints.</summary>
    public double Share { get; init; } = 0.05;

    /// <summary>What the store is taken to write a second.</summary>
    public double BytesPerSecond { get; init; } = 50e6;

    /// <summary>Iterations from one checkpoint to the next; 0: as <see cref="Share"/> says.</summary>
    public int Every { get; init; }

    /// <summary>Whether the next iteration is to be stored.</summary>
    /// <param name="iterations">Iterations since the last checkpoint, or the start.</param>
    /// <param name="seconds">Seconds since then.</param>
    /// <param name="bytes">Bytes of a checkpoint.</param>
    public bool IsDue(int iterations, double seconds, double bytes) =>
        Every > 0 ? iterations + 1 >= Every : seconds * Share >= bytes / BytesPerSecond;
}
