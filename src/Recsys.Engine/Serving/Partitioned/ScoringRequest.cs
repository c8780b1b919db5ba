using Recsys.Engine.Models;

namespace Recsys.Engine.Serving.Partitioned;

/// <summary>What the partitions of a model are asked, the same for all.</summary>
/// <param name="User">The user, as <see cref="IRecommenderModel.FoldIn"/> of that model makes it.</param>
/// <param name="Filter">What may be returned, in dense indices of the whole model.</param>
/// <param name="Count">How many items.</param>
public sealed record ScoringRequest(UserProfile User, ItemFilter Filter, int Count);
