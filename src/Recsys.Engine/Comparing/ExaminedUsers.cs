using Recsys.Engine.Data;
using Recsys.Engine.Evaluation;
using Recsys.Engine.Models;

namespace Recsys.Engine.Comparing;

/// <summary>Users that models are examined on.</summary>
/// <param name="FoldIn">Histories of users who were not in training (strong generalisation); null: users of the training data (weak).</param>
/// <param name="HeldOut">What is to be found.</param>
public sealed record ExaminedUsers(Dataset? FoldIn, Dataset HeldOut)
{
    /// <summary>The users in a model's indices.</summary>
    public EvaluationTask TaskFor(IRecommenderModel model) =>
        FoldIn is null ? EvaluationTask.Weak(model, HeldOut) : EvaluationTask.Strong(model, FoldIn, HeldOut);
}
