using Recsys.Engine.Compute;
using Recsys.Engine.Evaluation;
using Recsys.Engine.Evaluation.Reporting;
using Recsys.Engine.Models;

namespace Recsys.Engine.Comparing;

/// <summary>
/// Trains and examines several models on the same data in one run. One model is in memory at a time, unless blends are
/// among them: models are then trained once, kept, and are the blends' members.
/// </summary>
public static class ModelComparison
{
    /// <summary>Compares the models.</summary>
    /// <param name="data">Training data and held-out users.</param>
    /// <param name="specs">
    /// The models. A blend's option <c>members</c> names labels of this list, joined by +; without it all models that are no
    /// blends are its members. Its weights are made for the first ndcg among the metrics unless it says otherwise.
    /// </param>
    /// <param name="options">What is measured.</param>
    /// <param name="progress">Told what is being done; phases begin with the model's label.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <exception cref="InvalidOptionException">A model or an option is wrong; told before anything is trained.</exception>
    /// <exception cref="RecsysException">A model cannot be trained or examined.</exception>
    public static ComparisonResult Run(
        ComparisonData data,
        IReadOnlyList<ModelSpec> specs,
        ComparisonOptions options,
        IProgress<TrainingProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(specs);
        ArgumentNullException.ThrowIfNull(options);
        using var run = new ComparisonRun(data, specs, options, progress, cancellationToken);
        var models = run.Examine();
        string reference = Reference(models, options);
        var comparisons = options.Evaluation.Resamples == 0 || models.Count == 1 ? [] : Compare(models, reference, options, cancellationToken);
        return new ComparisonResult(data.Name, models, reference, comparisons);
    }

    private static string Reference(IReadOnlyList<ComparedModel> models, ComparisonOptions options) => options.Against switch
    {
        ComparisonOptions.First => models[0].Label,
        ComparisonOptions.Best => models.MaxBy(m => m.Run.Result.Metrics[0].Value)!.Label,
        _ => options.Against,
    };

    private static IReadOnlyList<ReportComparison> Compare(
        IReadOnlyList<ComparedModel> models, string reference, ComparisonOptions options, CancellationToken cancellationToken)
    {
        var with = models.First(m => m.Label == reference);
        return
        [
            .. models.Where(m => m.Label != reference).Select(m => new ReportComparison(
                reference, m.Label, PairedComparison.Compare(with.Run.Result, m.Run.Result, options.Evaluation, cancellationToken))),
        ];
    }
}
