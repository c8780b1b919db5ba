namespace Recsys.Engine.Serving;

/// <summary>The state of a recommender.</summary>
/// <param name="Model">Name of the default model.</param>
/// <param name="Version">Its version.</param>
/// <param name="Users">Known users.</param>
/// <param name="Items">Known items.</param>
/// <param name="Interactions">User-item pairs.</param>
public sealed record RecommenderStatus(string Model, string Version, int Users, int Items, long Interactions)
{
    /// <summary>What the default model knows of events.</summary>
    public ModelKind Kind { get; init; }
}
