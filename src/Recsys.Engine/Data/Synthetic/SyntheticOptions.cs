namespace Recsys.Engine.Data.Synthetic;

/// <summary>Size and seed of a <see cref="SyntheticCatalogue"/>.</summary>
public sealed record SyntheticOptions
{
    /// <summary>Number of users.</summary>
    public int Users { get; init; } = 4000;

    /// <summary>Number of items (books).</summary>
    public int Items { get; init; } = 1200;

    /// <summary>Median length of a history; activity is log-normal around it.</summary>
    public double MedianHistory { get; init; } = 24;

    /// <summary>Exponent of the popularity power law within a genre.</summary>
    public double PopularityExponent { get; init; } = 0.8;

    /// <summary>Same seed, same catalogue and histories.</summary>
    public ulong Seed { get; init; } = 42;
}
