using Recsys.Engine.Ease;
using Recsys.Engine.Evaluation;
using Recsys.Engine.Models;

namespace Recsys.Cli.Output;

/// <summary>The subject of an evaluation: trained just now, or read from a directory (then without seconds of fitting).</summary>
internal sealed record EvaluatedModel(IRecommenderModel Model, string Dataset, double FitSeconds) : IDisposable
{
    /// <summary>Everything that reports say of the run.</summary>
    public EvaluationRun Describe(EvaluationResult result, double readSeconds, bool withWeights)
    {
        var facts = Model.ToContents().Facts;
        return new EvaluationRun(Dataset, Model.Algorithm, facts.Options, result)
        {
            ReadSeconds = readSeconds,
            FitSeconds = FitSeconds,
            PeakRssBytes = PeakMemory.Bytes(),
            Losses = facts.Losses,
            Weights = withWeights && Model is ItemWeightModel model ? model.MeasureWeights().ToHistogram() : null,
        };
    }

    public void Dispose() => Model.Dispose();
}
