using Recsys.Engine.Evaluation.Reporting;

namespace Recsys.Engine.Comparing;

/// <summary>Several models examined on the same users.</summary>
/// <param name="Dataset">The data set's name.</param>
/// <param name="Models">The models, in the order they were listed.</param>
/// <param name="Reference">The label of the model the others are compared with.</param>
/// <param name="Comparisons">Every other model against it, paired over users; empty without bootstrap.</param>
public sealed record ComparisonResult(
    string Dataset, IReadOnlyList<ComparedModel> Models, string Reference, IReadOnlyList<ReportComparison> Comparisons)
{
    /// <summary>The model of that label.</summary>
    /// <exception cref="InvalidOptionException">There is none.</exception>
    public ComparedModel this[string label] =>
        Models.FirstOrDefault(m => m.Label == label) ?? throw new InvalidOptionException($"there is no model '{label}' in the comparison");
}
