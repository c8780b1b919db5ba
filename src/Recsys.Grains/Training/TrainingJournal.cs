using System.Globalization;
using System.Text.Json;
using Recsys.Engine;
using Recsys.Engine.Storage;

namespace Recsys.Grains.Training;

/// <summary>
/// The lasting state of a training in the blob store: the request, and versions of the status under ascending numbers. A
/// version is written once: of two coordinators (one of them on a silo that the others hold for lost) one writes the next
/// version, and the other one learns that it is not the coordinator any more.
/// </summary>
internal sealed class TrainingJournal(IBlobStore store, string training)
{
    private readonly string _prefix = $"training/{training}/";
    private long _version;

    /// <summary>The latest status; null when there is no such training.</summary>
    public async Task<ClusterTrainingStatus?> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var keys = await store.ListAsync(_prefix + "state/", cancellationToken).ConfigureAwait(false);
            if (keys.Count == 0)
            {
                return null;
            }

            if (await store.GetAsync(keys[^1], cancellationToken).ConfigureAwait(false) is { } bytes)
            {
                _version = long.Parse(keys[^1].AsSpan(_prefix.Length + 6), CultureInfo.InvariantCulture);
                return JsonSerializer.Deserialize<ClusterTrainingStatus>(bytes)
                    ?? throw new RecsysException($"{keys[^1]}: not the state of a training");
            }
        }
    }

    /// <summary>Writes the next version; false when another coordinator has.</summary>
    public async Task<bool> TryWriteAsync(ClusterTrainingStatus status, CancellationToken cancellationToken)
    {
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(status);
        if (!await store.PutAsync(Key(_version + 1), bytes, cancellationToken: cancellationToken).ConfigureAwait(false))
        {
            return false;
        }

        // Versions before the last two are deleted: who has slept longer could write one of those again.
        var keys = await store.ListAsync(_prefix + "state/", cancellationToken).ConfigureAwait(false);
        if (keys[^1] != Key(_version + 1))
        {
            await store.DeleteAsync(Key(_version + 1), cancellationToken).ConfigureAwait(false);
            return false;
        }

        _version++;
        if (_version > 2)
        {
            await store.DeleteAsync(Key(_version - 2), cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    private string Key(long version) => string.Create(CultureInfo.InvariantCulture, $"{_prefix}state/{version:D12}");
}
