using System.Collections.Concurrent;
using Recsys.Engine.Data;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Serving.Distributed;

/// <summary>
/// The models in a blob store and which of them answer. The choice is a record in the store, changed by compare and set:
/// any number of registries may be open, and each change is one of the latest choice.
/// </summary>
public sealed class ModelRegistry : IModelVersions
{
    private readonly IBlobStore _blobs;
    private readonly BlobLog _log;
    private readonly ConcurrentDictionary<(string, string), Manifest> _manifests = new();
    private volatile ActiveModels _current = ActiveModels.None;

    /// <summary>A registry of the models in a store.</summary>
    public ModelRegistry(IBlobStore blobs)
    {
        _blobs = blobs;
        _log = new BlobLog(blobs, "serving/active");
    }

    /// <summary>The choice as it was last read or made.</summary>
    public ActiveModels Current => _current;

    /// <summary>Reads the choice.</summary>
    public async Task<ActiveModels> RefreshAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var numbers = await _log.NumbersAsync(cancellationToken).ConfigureAwait(false);
            if (numbers.Count == 0)
            {
                return _current = ActiveModels.None;
            }

            // Null: deleted since, so that there is a later one.
            if (await _log.GetAsync(numbers[^1], cancellationToken).ConfigureAwait(false) is { } json)
            {
                return _current = ActiveModels.FromJson(json);
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<ModelVersion>> ListAsync(CancellationToken cancellationToken = default)
    {
        var current = _current;
        var found = new List<ModelVersion>();
        foreach (string model in await ModelBlobs.ListModelsAsync(_blobs, cancellationToken).ConfigureAwait(false))
        {
            foreach (string version in (await ModelBlobs.ListVersionsAsync(_blobs, model, cancellationToken).ConfigureAwait(false)).Reverse())
            {
                found.Add(await DescribeAsync(current, model, version, cancellationToken).ConfigureAwait(false));
            }
        }

        return found;
    }

    /// <summary>
    /// A version was stored: it answers from now on where <paramref name="activate"/> says so, or where none of its name does.
    /// </summary>
    public async ValueTask<ModelVersion> AddedAsync(string model, string version, bool activate, CancellationToken cancellationToken = default)
    {
        await RequireAsync(model, version, cancellationToken).ConfigureAwait(false);
        await ChangeAsync(c => activate || !c.Active.ContainsKey(model) ? c.With(model, version, makeDefault: false) : c, cancellationToken)
            .ConfigureAwait(false);
        return await DescribeAsync(_current, model, version, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<ModelVersion> ActivateAsync(
        string model, string? version, bool makeDefault, CancellationToken cancellationToken = default)
    {
        if (version is null)
        {
            await RefreshAsync(cancellationToken).ConfigureAwait(false);
            version = _current.Active.GetValueOrDefault(model) ?? throw new UnknownIdException("model", model);
        }

        await RequireAsync(model, version, cancellationToken).ConfigureAwait(false);
        await ChangeAsync(c => c.With(model, version, makeDefault), cancellationToken).ConfigureAwait(false);
        return await DescribeAsync(_current, model, version, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<ModelVersion> RollBackAsync(string model, CancellationToken cancellationToken = default)
    {
        string? version = null;
        await ChangeAsync(
            c =>
            {
                if (!c.Active.ContainsKey(model))
                {
                    throw new UnknownIdException("model", model);
                }

                version = c.Previous.GetValueOrDefault(model)
                    ?? throw new InvalidOptionException($"model '{model}' has no earlier version to return to");
                var changed = c.With(model, version, makeDefault: false);
                var previous = changed.Previous.Where(p => p.Key != model).ToDictionary();
                return changed with { Previous = previous };
            },
            cancellationToken).ConfigureAwait(false);
        return await DescribeAsync(_current, model, version!, cancellationToken).ConfigureAwait(false);
    }

    private async Task ChangeAsync(Func<ActiveModels, ActiveModels> change, CancellationToken cancellationToken)
    {
        while (true)
        {
            var before = await RefreshAsync(cancellationToken).ConfigureAwait(false);
            var after = change(before);
            if (ReferenceEquals(after, before))
            {
                return;
            }

            after = after with { Revision = before.Revision + 1 };
            if (await _log.TryAppendAsync(after.Revision, after.ToJson(), cancellationToken).ConfigureAwait(false))
            {
                _current = after;
                await _log.DeleteBelowAsync(after.Revision, cancellationToken).ConfigureAwait(false);
                return;
            }
        }
    }

    private async Task RequireAsync(string model, string version, CancellationToken cancellationToken)
    {
        var versions = await ModelBlobs.ListVersionsAsync(_blobs, model, cancellationToken).ConfigureAwait(false);
        if (versions.Count == 0)
        {
            throw new UnknownIdException("model", model);
        }

        if (!versions.Contains(version))
        {
            throw new UnknownIdException("version", $"{model}/{version}");
        }
    }

    private async Task<ModelVersion> DescribeAsync(ActiveModels current, string model, string version, CancellationToken cancellationToken)
    {
        if (!_manifests.TryGetValue((model, version), out var manifest))
        {
            manifest = await ModelBlobs.ReadManifestAsync(_blobs, model, version, cancellationToken).ConfigureAwait(false);
            _manifests[(model, version)] = manifest;
        }

        bool active = current.Active.GetValueOrDefault(model) == version;
        return new ModelVersion(
            model, version, active, active && current.Default == model, Stored: true, manifest.Users, manifest.Items, manifest.Interactions, manifest.Facts)
        {
            Kind = ModelKind.Standing,
        };
    }
}
