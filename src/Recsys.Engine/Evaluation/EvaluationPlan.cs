namespace Recsys.Engine.Evaluation;

/// <summary>Which values are computed for each user, and how long rankings are for it.</summary>
internal sealed class EvaluationPlan
{
    public EvaluationPlan(EvaluationOptions options, int items)
    {
        Metrics = [.. options.Metrics.Distinct()];
        Overall = [.. Metrics.Where(m => m.IsPerUser)];
        Banded = [.. Metrics.Where(m => m.IsAccuracy)];
        Curves =
        [
            .. Overall.Select(m => m.Kind).Distinct()
                .SelectMany(kind => options.CurveCutoffs.Distinct().Order().Select(k => new Metric(kind, k))),
        ];
        Exposure = Metrics[0].K;
        CountCutoffs = [.. Metrics.Where(m => !m.IsPerUser).Select(m => m.K).Append(Exposure).Distinct().Order()];
        int longest = Metrics.Concat(Curves).Max(m => m.K);
        ListLength = Math.Min(longest, items);
    }

    /// <summary>What was asked for, without repetitions.</summary>
    public Metric[] Metrics { get; }

    /// <summary>Those with a value for each user.</summary>
    public Metric[] Overall { get; }

    /// <summary>Those that are told by band.</summary>
    public Metric[] Banded { get; }

    /// <summary>The points of the curves.</summary>
    public Metric[] Curves { get; }

    /// <summary>Cutoffs at which it is counted how often each item is recommended, ascending.</summary>
    public int[] CountCutoffs { get; }

    /// <summary>The cutoff of the bands' exposure; one of <see cref="CountCutoffs"/>.</summary>
    public int Exposure { get; }

    /// <summary>Places of a ranking that matter.</summary>
    public int ListLength { get; }

    /// <summary>Values for each user: overall, then banded for each band, then curves.</summary>
    public int Columns => Overall.Length + (PopularityBands.Count * Banded.Length) + Curves.Length;

    public int BandColumn(int band) => Overall.Length + (band * Banded.Length);

    public int CurveColumn => Overall.Length + (PopularityBands.Count * Banded.Length);
}
