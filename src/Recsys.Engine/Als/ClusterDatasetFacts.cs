using System.Text.Json.Serialization;
using Recsys.Engine.Models;

namespace Recsys.Engine.Als;

/// <summary>What is known of a data set in a blob store without reading it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Version">Which of the times it was stored.</param>
/// <param name="Fingerprint">Hash of ids and interactions.</param>
/// <param name="Interactions">Number of user-item pairs.</param>
/// <param name="Weighted">Whether pairs carry weights; otherwise all are 1.</param>
public sealed record ClusterDatasetFacts(string Name, string Version, string Fingerprint, long Interactions, bool Weighted)
{
    /// <summary>What the data came from.</summary>
    public string Source { get; init; } = "";

    /// <summary>Users of each virtual block.</summary>
    public required IReadOnlyList<int> UserBlocks { get; init; }

    /// <summary>Items of each virtual block.</summary>
    public required IReadOnlyList<int> ItemBlocks { get; init; }

    /// <summary>Id of some user with interactions, to be named in errors.</summary>
    public required string SampleUser { get; init; }

    /// <summary>Id of some item with interactions, to be named in errors.</summary>
    public required string SampleItem { get; init; }

    /// <summary>What defaults of options are derived from; null where there are no interactions.</summary>
    public DataShape? Shape { get; init; }

    /// <summary>Number of users.</summary>
    [JsonIgnore]
    public int Users => UserBlocks.Sum();

    /// <summary>Number of items.</summary>
    [JsonIgnore]
    public int Items => ItemBlocks.Sum();

    /// <summary><see cref="Shape"/>, which training needs.</summary>
    /// <exception cref="RecsysException">There are no interactions.</exception>
    internal DataShape RequiredShape() =>
        Interactions > 0 && Shape is not null ? Shape : throw new RecsysException($"data set '{Name}': training needs at least one interaction");
}
