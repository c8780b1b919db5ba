using Recsys.Engine.Data;
using Recsys.Engine.Evaluation;
using Recsys.Engine.Models;
using Recsys.Engine.Tuning;

namespace Recsys.Cli.Commands;

/// <summary>What a search works on.</summary>
/// <param name="Name">The data's name for reports.</param>
/// <param name="Tuning">What trials are trained and measured on.</param>
/// <param name="Last">What the best model is trained on at the end.</param>
/// <param name="LastPath">The file of it, or of most of it.</param>
internal sealed record TuneInput(string Name, TuningData Tuning, Dataset Last, string LastPath)
{
    /// <summary>Histories of the users of a strong test.</summary>
    public Dataset? TestFoldIn { get; init; }

    /// <summary>What is to be found in the test.</summary>
    public Dataset? TestHeldOut { get; init; }

    /// <summary>Whether there is a test part.</summary>
    public bool HasTest => TestHeldOut is not null;

    /// <summary>The examination of the best model, where there is a test part.</summary>
    public EvaluationTask? Test(IRecommenderModel model) => TestHeldOut is null
        ? null
        : TestFoldIn is null ? EvaluationTask.Weak(model, TestHeldOut) : EvaluationTask.Strong(model, TestFoldIn, TestHeldOut);
}
