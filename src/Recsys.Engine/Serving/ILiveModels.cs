namespace Recsys.Engine.Serving;

/// <summary>Models that answer, by name.</summary>
internal interface ILiveModels
{
    /// <summary>Holds the active version of a model, or of the default one where none is named.</summary>
    /// <exception cref="InvalidOptionException">There is no such model.</exception>
    LiveModelLease Hold(string? name);
}
