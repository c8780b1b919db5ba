namespace Recsys.Engine.Serving;

/// <summary>Which versions of which models there are, and which of them answer.</summary>
public interface IModelVersions
{
    /// <summary>All versions, by model and then the latest first.</summary>
    ValueTask<IReadOnlyList<ModelVersion>> ListAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Makes a version the one that answers for its model. Requests that run see the version they began with.
    /// </summary>
    /// <param name="model">The model's name.</param>
    /// <param name="version">The version; null for the active one (to make the model the default).</param>
    /// <param name="makeDefault">Whether the model is to answer when none is named.</param>
    /// <param name="cancellationToken">Stops loading.</param>
    /// <exception cref="Data.UnknownIdException">There is no such model or version.</exception>
    ValueTask<ModelVersion> ActivateAsync(string model, string? version, bool makeDefault, CancellationToken cancellationToken = default);

    /// <summary>Activates the version that was active before the present one.</summary>
    /// <exception cref="Data.UnknownIdException">There is no such model.</exception>
    /// <exception cref="InvalidOptionException">There is no version to return to.</exception>
    ValueTask<ModelVersion> RollBackAsync(string model, CancellationToken cancellationToken = default);
}
