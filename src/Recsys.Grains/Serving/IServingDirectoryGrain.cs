using Orleans.Concurrency;
using Recsys.Engine.Serving;

namespace Recsys.Grains.Serving;

/// <summary>
/// Which models answer and what is known of items: the one place where they are changed (key 0). Silos follow.
/// </summary>
[Alias("recsys.directory")]
public interface IServingDirectoryGrain : IGrainWithIntegerKey
{
    /// <summary>Whether there is something new.</summary>
    [Alias("revision"), AlwaysInterleave]
    Task<ServingRevision> RevisionAsync();

    /// <summary>What a client has to know.</summary>
    [Alias("settings"), AlwaysInterleave]
    Task<ServingSettings> SettingsAsync();

    /// <summary>All versions of all models.</summary>
    [Alias("list")]
    Task<ModelVersion[]> ListAsync();

    /// <summary>A version was stored in the blob store; makes it answer if asked to, or if no other of its name does.</summary>
    [Alias("added")]
    Task<ModelVersion> AddedAsync(string model, string version, bool activate);

    /// <inheritdoc cref="IModelVersions.ActivateAsync"/>
    [Alias("activate")]
    Task<ModelVersion> ActivateAsync(string model, string? version, bool makeDefault);

    /// <inheritdoc cref="IModelVersions.RollBackAsync"/>
    [Alias("roll-back")]
    Task<ModelVersion> RollBackAsync(string model);

    /// <inheritdoc cref="IItemWriter.UpsertAsync"/>
    [Alias("upsert")]
    Task UpsertAsync([Immutable] ItemUpdate[] items);

    /// <inheritdoc cref="IItemWriter.DeleteAsync"/>
    [Alias("delete")]
    Task<bool> DeleteAsync(string item);
}
