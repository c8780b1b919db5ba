using Recsys.Engine.Models;

namespace Recsys.Engine.Blending;

/// <summary>A model of a blend.</summary>
/// <param name="Label">What it is called.</param>
/// <param name="Model">The model.</param>
public sealed record BlendMember(string Label, IRecommenderModel Model);
