using System.Globalization;
using System.Numerics;
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
/// <c>PREFIX run</c>: this; <c>position/000012</c>: <see cref="AlsPosition"/> at the checkpoint after half-epoch 12; <c>users/03/000011/…</c>: the
/// factors of user partition 3 after half-epoch 11 (<see cref="StoredFactorPartition"/>).
/// </remarks>
/// <param name="Prefix">What all keys of the run start with, ending in '/'.</param>
/// <param name="Data">The data set.</param>
/// <param name="Options">Training options; <see cref="AlsOptions.Partitions"/> is the number of partitions a side.</param>
public sealed record AlsRun(string Prefix, ClusterDatasetFacts Data, AlsOptions Options)
{
    private const long InteractionsOfPartition = 1 << 18;
    private const string RunKey = "run";
    private const string PositionFolder = "position/";

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

    /// <summary>
    /// Partitions a side for so many interactions: one for each host, and more, up to <paramref name="most"/>, where there is enough
    /// to do for what a partition costs, so that they can be dealt out evenly when hosts come and go. A power of two.
    /// </summary>
    public static int PartitionsFor(long interactions, int hosts, int most)
    {
        long wanted = Math.Max(1, Math.Max(hosts, interactions / InteractionsOfPartition));
        return (int)Math.Min(BitOperations.RoundUpToPowerOf2((ulong)wanted), (ulong)most);
    }

    /// <summary>The last position that was stored, or null before the start.</summary>
    /// <param name="store">Where the run's state is.</param>
    /// <param name="checkpoint">Whether it has to be one whose factors all partitions have stored.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public async Task<AlsPosition?> FindPositionAsync(IBlobStore store, bool checkpoint = false, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var keys = await store.ListAsync(Prefix + PositionFolder, cancellationToken).ConfigureAwait(false);
            for (int i = keys.Count - 1; ; i--)
            {
                if (i < 0)
                {
                    return null;
                }

                // One that is gone since: there is a later checkpoint.
                if (await store.GetAsync(keys[i], cancellationToken).ConfigureAwait(false) is not { } bytes)
                {
                    break;
                }

                if (AlsPosition.Parse(bytes) is var position && (!checkpoint || position.Checkpoint == position.Phase))
                {
                    return position;
                }
            }
        }
    }

    /// <summary>
    /// Stores a position and returns what is stored: where it was there already, what is to be stored next was decided then. Those
    /// before its checkpoint are deleted.
    /// </summary>
    internal async Task<AlsPosition> SavePositionAsync(IBlobStore store, AlsPosition position, CancellationToken cancellationToken = default)
    {
        string key = PositionKey(position.Phase);
        if (!await store.PutAsync(key, position.ToBytes(), cancellationToken: cancellationToken).ConfigureAwait(false)
            && await store.GetAsync(key, cancellationToken).ConfigureAwait(false) is { } bytes)
        {
            position = AlsPosition.Parse(bytes);
        }

        string checkpoint = PositionKey(position.Checkpoint);
        foreach (string older in await store.ListAsync(Prefix + PositionFolder, cancellationToken).ConfigureAwait(false))
        {
            if (string.CompareOrdinal(older, checkpoint) < 0)
            {
                await store.DeleteAsync(older, cancellationToken).ConfigureAwait(false);
            }
        }

        return position;
    }

    /// <summary>The partition that owns a block.</summary>
    public int Owner(int block) => VirtualBlocks.PartitionOf(block, Options.Partitions);

    /// <summary>What the keys of a partition's factors start with.</summary>
    internal string PartitionPrefix(string kind, int index) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{kind}s/{index:D2}/");

    private string PositionKey(int phase) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{PositionFolder}{phase:D6}");
}
