namespace Recsys.Engine.Evaluation;

/// <summary>What an evaluation found, with the value of each user so that it can be compared with another.</summary>
public sealed class EvaluationResult
{
    private readonly IReadOnlyDictionary<Metric, double[]> _perUser;
    private readonly int[] _userRows;

    internal EvaluationResult(int[] userRows, IReadOnlyDictionary<Metric, double[]> perUser)
    {
        _userRows = userRows;
        _perUser = perUser;
    }

    /// <summary>The model's algorithm.</summary>
    public required string Algorithm { get; init; }

    /// <summary>The options it was done with.</summary>
    public required EvaluationOptions Options { get; init; }

    /// <summary>The metrics asked for, in their order.</summary>
    public required IReadOnlyList<MetricValue> Metrics { get; init; }

    /// <summary>Each metric kind at the cutoffs of <see cref="EvaluationOptions.CurveCutoffs"/>, by kind, then cutoff.</summary>
    public required IReadOnlyList<MetricValue> Curves { get; init; }

    /// <summary>Head, mid and tail.</summary>
    public required IReadOnlyList<BandResult> Bands { get; init; }

    /// <summary>The cutoff of <see cref="BandResult.Exposure"/>: that of the first metric.</summary>
    public int ExposureCutoff => Options.Metrics[0].K;

    /// <summary>Users the averages are over: those with at least one held-out item that counts.</summary>
    public int Users => _userRows.Length;

    /// <summary>Users of the task without any.</summary>
    public required int UsersWithoutHeldOut { get; init; }

    /// <summary>Users of the held-out data whom the model does not know.</summary>
    public required int UnknownUsers { get; init; }

    /// <summary>Held-out items that were to be found.</summary>
    public required long HeldOut { get; init; }

    /// <summary>Held-out items the model does not know; see <see cref="EvaluationOptions.UnknownAsMisses"/>.</summary>
    public required long HeldOutUnknown { get; init; }

    /// <summary>Held-out items left out because they stand in the user's own history.</summary>
    public required long HeldOutSeen { get; init; }

    /// <summary>Items of the histories that the model does not know.</summary>
    public required long UnknownHistoryItems { get; init; }

    /// <summary>Wall-clock seconds, bootstrap included.</summary>
    public required double Seconds { get; init; }

    /// <summary>Row in the task of each user the averages are over, ascending.</summary>
    public ReadOnlySpan<int> UserRows => _userRows;

    /// <summary>The value of a metric asked for.</summary>
    /// <exception cref="InvalidOptionException">The metric was not measured.</exception>
    public double this[Metric metric] =>
        (Metrics.FirstOrDefault(m => m.Metric == metric) ?? throw new InvalidOptionException($"{metric} was not measured")).Value;

    /// <summary>The value of a metric asked for, by its name: <c>recall@20</c>.</summary>
    /// <exception cref="InvalidOptionException">There is no such metric, or it was not measured.</exception>
    public double this[string metric] => this[Metric.Parse(metric)];

    /// <summary>The value of each user, in the order of <see cref="UserRows"/>; NaN where a user has none.</summary>
    /// <exception cref="InvalidOptionException">The metric was not measured, or has no value by user.</exception>
    public ReadOnlySpan<double> PerUser(Metric metric) =>
        _perUser.TryGetValue(metric, out double[]? values) ? values : throw new InvalidOptionException($"{metric} was not measured by user");
}
