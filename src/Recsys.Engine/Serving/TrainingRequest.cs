using Recsys.Engine.Models;

namespace Recsys.Engine.Serving;

/// <summary>A model to be trained on what the service knows now.</summary>
/// <param name="Algorithm">"ease", "als", …</param>
/// <param name="Options">Its options by their command-line names.</param>
public sealed record TrainingRequest(string Algorithm, OptionBag Options)
{
    /// <summary>Name of the model; null for the algorithm's.</summary>
    public string? Model { get; init; }

    /// <summary>
    /// Whether to measure first how well such a model does on users it has not seen: it is trained on nine tenths of the users,
    /// asked for items of the others, and trained anew on everybody.
    /// </summary>
    public bool Evaluate { get; init; }

    /// <summary>Whether the trained version answers at once.</summary>
    public bool Activate { get; init; } = true;
}
