namespace Recsys.Engine.Ease;

/// <summary>Options of <see cref="StreamingEase"/>.</summary>
public sealed record StreamingEaseOptions
{
    /// <summary>λ, as in <see cref="EaseOptions.Regularization"/>.</summary>
    public double Regularization { get; init; } = 500;

    /// <summary>
    /// Most users whose changes one step takes together. A step of r users costs about 2·n²·r flops, and one pass over P
    /// whatever r is: larger steps use the processor better, and hold readers up longer at once.
    /// </summary>
    public int UsersPerStep { get; init; } = 64;

    /// <summary>Threads of a step; 0 for one per processor. Does not change the result.</summary>
    public int Threads { get; init; }

    /// <summary>
    /// Up to this size of P, in bytes, a second copy of it is kept, so that readers never wait for a step; 0 for never.
    /// Does not change the result.
    /// </summary>
    public long SecondCopyBytes { get; init; } = 512L << 20;

    /// <summary>Threads of a re-inverse in the background; 0 for one per processor.</summary>
    public int RepairThreads { get; init; } = 1;

    /// <summary>The residual ‖G(Pz) − z‖ / ‖z‖ from which <see cref="StreamingEase.RepairIfDriftedAsync"/> repairs.</summary>
    public double MaxDrift { get; init; } = 2e-5;

    /// <summary>Seed of the probe z.</summary>
    public ulong Seed { get; init; } = 42;

    /// <summary>Refuses what cannot be served.</summary>
    /// <exception cref="InvalidOptionException">An option is out of its range.</exception>
    public void Validate()
    {
        new EaseOptions { Regularization = Regularization, Threads = Threads }.Validate();
        if (UsersPerStep is < 1 or > 4096)
        {
            throw new InvalidOptionException($"users per step must be 1 to 4096, not {UsersPerStep}");
        }

        if (SecondCopyBytes < 0)
        {
            throw new InvalidOptionException($"second copy bytes must be 0 or more, not {SecondCopyBytes}");
        }

        if (RepairThreads < 0)
        {
            throw new InvalidOptionException($"repair threads must be 0 or more, not {RepairThreads}");
        }

        if (!(MaxDrift > 0))
        {
            throw new InvalidOptionException($"the drift to repair at must be above 0, not {MaxDrift}");
        }
    }
}
