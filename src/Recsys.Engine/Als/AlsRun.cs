using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Recsys.Engine.Compute;
using Recsys.Engine.Models;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Als;

/// <summary>
/// A training run whose state is in a blob store, so that any process can take part in it or go on with it: what is
/// trained, and under which names its state is kept.
/// </summary>
/// <remarks>
/// <c>PREFIX run</c>: this; <c>position/000012</c>: <see cref="AlsPosition"/> after half-epoch 12; <c>users/03/000011/…</c>: the
/// factors of user partition 3 after half-epoch 11 (<see cref="StoredFactorPartition"/>).
/// </remarks>
/// <param name="Prefix">What all keys of the run start with, ending in '/'.</param>
/// <param name="Data">The data set.</param>
/// <param name="Options">Training options; <see cref="AlsOptions.Partitions"/> is the number of partitions a side.</param>
public sealed record AlsRun(string Prefix, ClusterDatasetFacts Data, AlsOptions Options)
{
    private const string RunKey = "run";

    /// <summary>Bits of the vectors that all partitions compute with (<see cref="VectorWidth"/>).</summary>
    public int VectorBits { get; init; } = VectorWidth.Bits;

    /// <summary>What the training loop knows of the data.</summary>
    public AlsProblem Problem => new(Data.Users, Data.Items, Data.SampleUser, Data.SampleItem);

    /// <summary>Stores the description; a run that is there already stays as it is.</summary>
    public async Task SaveAsync(IBlobStore store, CancellationToken cancellationToken = default)
    {
        var json = new JsonObject
        {
            ["data"] = JsonSerializer.SerializeToNode(Data),
            ["options"] = AlsAlgorithm.ToJson(Options),
            ["partitions"] = Options.Partitions,
            ["threads"] = Options.Threads,
            ["vectorBits"] = VectorBits,
        };
        await store.PutAsync(Prefix + RunKey, JsonSerializer.SerializeToUtf8Bytes(json), cancellationToken: cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Reads the description of a run.</summary>
    /// <exception cref="RecsysException">There is none, or it cannot be read.</exception>
    public static async Task<AlsRun> LoadAsync(IBlobStore store, string prefix, CancellationToken cancellationToken = default)
    {
        byte[] bytes = await store.GetAsync(prefix + RunKey, cancellationToken).ConfigureAwait(false)
            ?? throw new RecsysException($"{prefix}{RunKey}: there is no such training run, or it has ended");
        try
        {
            var json = JsonNode.Parse(bytes)!.AsObject();
            var options = AlsAlgorithm.ParseStored(json["options"]!.AsObject()) with
            {
                Partitions = json["partitions"]!.GetValue<int>(),
                Threads = json["threads"]!.GetValue<int>(),
            };
            return new AlsRun(prefix, json["data"].Deserialize<ClusterDatasetFacts>()!, options) { VectorBits = json["vectorBits"]!.GetValue<int>() };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NullReferenceException)
        {
            throw new RecsysException($"{prefix}{RunKey}: not the description of a training run", e);
        }
    }

    /// <summary>The run that gives the model of <see cref="AlsAlgorithm"/> for the same data and options.</summary>
    /// <param name="prefix">What all keys of the run start with, ending in '/'.</param>
    /// <param name="data">The data set.</param>
    /// <param name="options">Options by name; those not given have their defaults for the data.</param>
    /// <param name="partitions">Partitions a side, where the options do not say.</param>
    /// <exception cref="InvalidOptionException">An option is unknown or out of range.</exception>
    /// <exception cref="RecsysException">The data is empty.</exception>
    public static AlsRun Create(string prefix, ClusterDatasetFacts data, OptionBag options, int partitions)
    {
        var algorithm = new AlsAlgorithm();
        _ = algorithm.Parse(options);
        var shape = data.RequiredShape();
        var parsed = algorithm.Parse(algorithm.Complete(() => shape, options));
        return new AlsRun(prefix, data, options.Text("partitions") is null ? parsed with { Partitions = partitions } : parsed);
    }

    /// <summary>The run's position as of the last finished half-epoch, or null before the start.</summary>
    public async Task<AlsPosition?> FindPositionAsync(IBlobStore store, CancellationToken cancellationToken = default)
    {
        var keys = await store.ListAsync(Prefix + "position/", cancellationToken).ConfigureAwait(false);
        return keys.Count == 0 ? null : await ReadPositionAsync(store, int.Parse(keys[^1].AsSpan(keys[^1].Length - 6), CultureInfo.InvariantCulture), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The position after half-epoch <paramref name="phase"/>.</summary>
    /// <exception cref="RecsysException">It is not there (any more).</exception>
    public async Task<AlsPosition> ReadPositionAsync(IBlobStore store, int phase, CancellationToken cancellationToken = default)
    {
        byte[] bytes = await store.GetAsync(PositionKey(phase), cancellationToken).ConfigureAwait(false)
            ?? throw new RecsysException($"{PositionKey(phase)}: the training run is not there");
        return AlsPosition.Parse(bytes);
    }

    /// <summary>
    /// Stores a position and returns what is stored: where it was there already, what is to be saved was decided then. Those
    /// from <paramref name="before"/>'s checkpoint to that of the position are deleted.
    /// </summary>
    internal async Task<AlsPosition> SavePositionAsync(
        IBlobStore store, AlsPosition position, AlsPosition? before, CancellationToken cancellationToken = default)
    {
        if (!await store.PutAsync(PositionKey(position.Phase), position.ToBytes(), cancellationToken: cancellationToken).ConfigureAwait(false))
        {
            position = await ReadPositionAsync(store, position.Phase, cancellationToken).ConfigureAwait(false);
        }

        for (int phase = before?.Checkpoint ?? 0; phase < position.Checkpoint; phase++)
        {
            await store.DeleteAsync(PositionKey(phase), cancellationToken).ConfigureAwait(false);
        }

        return position;
    }

    /// <summary>The partition that owns a block.</summary>
    public int Owner(int block)
    {
        int owner = 0;
        while (VirtualBlocks.FirstBlock(owner + 1, Options.Partitions) <= block)
        {
            owner++;
        }

        return owner;
    }

    /// <summary>What the keys of a partition's factors start with.</summary>
    internal string PartitionPrefix(string kind, int index) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{kind}s/{index:D2}/");

    private string PositionKey(int phase) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}position/{phase:D6}");
}
