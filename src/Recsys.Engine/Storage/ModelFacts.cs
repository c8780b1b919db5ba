using System.Text.Json.Nodes;
using Recsys.Engine.Data;

namespace Recsys.Engine.Storage;

/// <summary>What the manifest says of a model besides its arrays.</summary>
/// <param name="Algorithm">"als", "ease", "popularity", …</param>
/// <param name="Options">The options it was trained with, by their command-line names.</param>
/// <param name="Losses">Training loss by iteration; empty for closed-form models.</param>
public sealed record ModelFacts(string Algorithm, JsonObject Options, IReadOnlyList<double> Losses)
{
    /// <summary>The name of the data it was trained on.</summary>
    public string Dataset { get; init; } = "";

    /// <summary>A hash of the training data (ids and interactions), hexadecimal.</summary>
    public string DataFingerprint { get; init; } = "";

    /// <summary>Seconds the training took.</summary>
    public double TrainingSeconds { get; init; }

    /// <summary>When the training ended (UTC).</summary>
    public DateTimeOffset? Created { get; init; }

    /// <summary>Metrics measured on held-out data, by name; may be empty.</summary>
    public IReadOnlyDictionary<string, double> Metrics { get; init; } = new Dictionary<string, double>();

    /// <summary>The facts of a model trained just now.</summary>
    public static ModelFacts OfTraining(
        string algorithm, JsonObject options, Dataset data, double seconds, IReadOnlyList<double>? losses = null)
    {
        ArgumentNullException.ThrowIfNull(data);
        return new ModelFacts(algorithm, options, losses ?? [])
        {
            Dataset = data.Name,
            TrainingSeconds = seconds,
            Created = DateTimeOffset.UtcNow,
        };
    }
}
