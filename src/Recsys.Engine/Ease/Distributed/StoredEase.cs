using System.Text.Json;
using System.Text.Json.Nodes;
using Recsys.Engine.Als;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Ease.Distributed;

/// <summary>
/// A distributed EASE training that is written down in a blob store, so that any process can take part in it or go on with
/// it: <c>PREFIX run</c>; the partitions' checkpoints are under the same prefix.
/// </summary>
/// <param name="Prefix">What all keys of the training start with, ending in '/'.</param>
/// <param name="Data">The data set.</param>
/// <param name="Plan">What the partitions agree on.</param>
public sealed record StoredEase(string Prefix, ClusterDatasetFacts Data, EasePlan Plan)
{
    private const string RunKey = "run";

    /// <summary>The training that gives the model of <see cref="EaseTrainer"/>.</summary>
    /// <exception cref="InvalidOptionException">An option is unknown, out of range, or cannot be had from partitions.</exception>
    /// <exception cref="RecsysException">The data is empty.</exception>
    public static StoredEase Create(
        string prefix, string training, ClusterDatasetFacts data, OptionBag options, int partitions, int vectorBits)
    {
        ArgumentNullException.ThrowIfNull(data);
        var algorithm = new EaseAlgorithm();
        _ = algorithm.Parse(options);
        var shape = data.RequiredShape();
        var parsed = algorithm.Parse(algorithm.Complete(() => shape, options));
        return new StoredEase(prefix, data, EasePlan.Create(training, data.Items, data.Interactions, parsed, partitions, vectorBits));
    }

    /// <summary>Stores the description; one that is there already stays as it is.</summary>
    public async Task SaveAsync(IBlobStore store, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        var json = new JsonObject
        {
            ["data"] = JsonSerializer.SerializeToNode(Data),
            ["options"] = EaseAlgorithm.ToJson(Plan.Options),
            ["training"] = Plan.Training,
            ["partitions"] = Plan.Partitions,
            ["block"] = Plan.Block,
            ["vectorBits"] = Plan.VectorBits,
        };
        await store.PutAsync(Prefix + RunKey, JsonSerializer.SerializeToUtf8Bytes(json), cancellationToken: cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Reads the description of a training.</summary>
    /// <exception cref="RecsysException">There is none, or it cannot be read.</exception>
    public static async Task<StoredEase> LoadAsync(IBlobStore store, string prefix, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        byte[] bytes = await store.GetAsync(prefix + RunKey, cancellationToken).ConfigureAwait(false)
            ?? throw new RecsysException($"{prefix}{RunKey}: there is no such training run, or it has ended");
        try
        {
            var json = JsonNode.Parse(bytes)!.AsObject();
            var data = json["data"].Deserialize<ClusterDatasetFacts>()!;
            var plan = new EasePlan(
                json["training"]!.GetValue<string>(),
                data.Items,
                data.Interactions,
                json["partitions"]!.GetValue<int>(),
                json["block"]!.GetValue<int>(),
                EaseAlgorithm.ParseStored(json["options"]!.AsObject()))
            {
                VectorBits = json["vectorBits"]!.GetValue<int>(),
            };
            return new StoredEase(prefix, data, plan);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NullReferenceException)
        {
            throw new RecsysException($"{prefix}{RunKey}: not the description of a training run", e);
        }
    }

    /// <summary>A host of its partitions.</summary>
    /// <param name="data">The data, read.</param>
    /// <param name="store">Where checkpoints are kept.</param>
    /// <param name="queue">Threads, which the host does not own.</param>
    public EaseHost OpenHost(ClusterData data, IBlobStore store, Compute.ComputeQueue queue)
    {
        ArgumentNullException.ThrowIfNull(data);
        return new EaseHost(data.Data.Interactions, queue, new EaseCheckpoints(store, Prefix), data.ByItem);
    }

    /// <summary>Deletes the description and all checkpoints.</summary>
    public ValueTask DeleteAsync(IBlobStore store, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        return store.DeleteAsync(Prefix, cancellationToken);
    }
}
