using Recsys.Engine.Storage;

namespace Recsys.Engine.Serving;

/// <summary>A version of a model that a service holds.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Version">Its version, unique for the name.</param>
/// <param name="Active">Whether it is the version that answers for the name.</param>
/// <param name="Default">Whether it answers when no model is named.</param>
/// <param name="Stored">Whether it is on disk and survives a restart.</param>
/// <param name="Users">Users it was trained on.</param>
/// <param name="Items">Items it ranks.</param>
/// <param name="Interactions">User-item pairs it was trained on.</param>
/// <param name="Facts">Algorithm, options, losses, metrics.</param>
public sealed record ModelVersion(
    string Model, string Version, bool Active, bool Default, bool Stored, int Users, int Items, long Interactions, ModelFacts Facts)
{
    /// <summary>What it knows of events.</summary>
    public ModelKind Kind { get; init; }
}
