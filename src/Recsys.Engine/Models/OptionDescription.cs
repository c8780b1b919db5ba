using Recsys.Engine.Tuning;

namespace Recsys.Engine.Models;

/// <summary>An option of an algorithm, as help shows it.</summary>
/// <param name="Name">Its name without dashes: "factors".</param>
/// <param name="Value">What stands for its value in help: "N", "cholesky|cg".</param>
/// <param name="Summary">One line for people, with the default.</param>
public sealed record OptionDescription(string Name, string Value, string Summary)
{
    /// <summary>The value meant when the option stands alone; null where a value is needed.</summary>
    public string? Alone { get; init; }

    /// <summary>What a search tries for it when it is not told; null: it stays at its default.</summary>
    public SearchRange? Search { get; init; }

    /// <summary>Threads: common to all algorithms.</summary>
    public static OptionDescription Threads { get; } = new("threads", "N", "threads to use; 0 for one per processor (default 0)");

    /// <summary>Seed: common to all algorithms, also those without randomness.</summary>
    public static OptionDescription Seed { get; } = new("seed", "N", "seed of all randomness (default 42)");

    /// <summary>Partitions: common to partitioned trainers.</summary>
    public static OptionDescription Partitions { get; } =
        new("partitions", "N", "partitions the training is split into, 1 to 64; does not change the model");
}
