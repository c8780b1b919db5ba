using System.Globalization;
using System.Text.Json;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Als;

/// <summary>
/// A data set in a blob store, cut by virtual block of each side so that a partition loads its own rows only:
/// <c>data/NAME/VERSION/users/07</c>, <c>…/items/07</c> (<see cref="InteractionBlock"/>), and <c>data/NAME/manifest</c>,
/// which names the version and is written last. Storing a name again makes a new version; the one before stays for
/// trainings that run on it.
/// </summary>
public sealed class ClusterDataset
{
    private const int BlocksRead = 8;

    private readonly IBlobStore _store;

    private ClusterDataset(IBlobStore store, ClusterDatasetFacts facts)
    {
        _store = store;
        Facts = facts;
    }

    /// <summary>What is known of it without reading it.</summary>
    public ClusterDatasetFacts Facts { get; }

    /// <summary>Cuts a data set and stores it.</summary>
    /// <exception cref="InvalidOptionException">The name cannot be a key.</exception>
    /// <exception cref="RecsysException">A weight is not finite, or a block is too large.</exception>
    public static async Task<ClusterDataset> SaveAsync(
        IBlobStore store, string name, Dataset data, CancellationToken cancellationToken = default)
    {
        BlobKey.CheckName(name, "data set");
        foreach (float weight in data.Interactions.AllValues)
        {
            if (!float.IsFinite(weight))
            {
                throw new RecsysException($"data set '{name}': a weight is {weight.ToString(CultureInfo.InvariantCulture)}; expected finite numbers");
            }
        }

        var byItem = data.Interactions.Transpose();
        var (users, items) = RowOrder.Of(data, byItem);
        string version = Guid.NewGuid().ToString("N")[..12];
        string prefix = $"data/{name}/{version}/";
        string user = await SaveSideAsync(store, prefix, "user", byItem, users, items, data.Users, cancellationToken)
            .ConfigureAwait(false);
        string item = await SaveSideAsync(store, prefix, "item", data.Interactions, items, users, data.Items, cancellationToken)
            .ConfigureAwait(false);
        var facts = new ClusterDatasetFacts(name, version, data.Fingerprint(), data.Interactions.Count, data.Interactions.HasValues)
        {
            Source = data.Name,
            Shape = data.Interactions.Count > 0 ? DataShape.Of(data) : null,
            UserBlocks = users.BlockRows,
            ItemBlocks = items.BlockRows,
            SampleUser = user,
            SampleItem = item,
        };
        var previous = await FindAsync(store, name, cancellationToken).ConfigureAwait(false);
        await store.PutAsync(ManifestKey(name), JsonSerializer.SerializeToUtf8Bytes(facts), replace: true, cancellationToken).ConfigureAwait(false);
        await DeleteOthersAsync(store, name, [version, previous?.Version ?? version], cancellationToken).ConfigureAwait(false);
        return new ClusterDataset(store, facts);
    }

    /// <summary>Reads a file of interactions and stores what it holds.</summary>
    public static async Task<ClusterDataset> ImportAsync(
        IBlobStore store, string name, string path, ReadOptions? options = null, CancellationToken cancellationToken = default)
    {
        BlobKey.CheckName(name, "data set");
        return await SaveAsync(store, name, Dataset.Load(path, options, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What is known of a data set, or null when there is none of that name.</summary>
    public static async Task<ClusterDatasetFacts?> FindAsync(IBlobStore store, string name, CancellationToken cancellationToken = default)
    {
        BlobKey.CheckName(name, "data set");
        byte[]? bytes = await store.GetAsync(ManifestKey(name), cancellationToken).ConfigureAwait(false);
        try
        {
            return bytes is null ? null : JsonSerializer.Deserialize<ClusterDatasetFacts>(bytes);
        }
        catch (JsonException e)
        {
            throw new RecsysException($"{ManifestKey(name)}: not the manifest of a data set", e);
        }
    }

    /// <summary>Opens a data set.</summary>
    /// <exception cref="UnknownIdException">There is none of that name.</exception>
    public static async Task<ClusterDataset> OpenAsync(IBlobStore store, string name, CancellationToken cancellationToken = default) =>
        new(store, await FindAsync(store, name, cancellationToken).ConfigureAwait(false) ?? throw new UnknownIdException("data set", name));

    /// <summary>Opens the version that <paramref name="facts"/> describe.</summary>
    public static ClusterDataset Open(IBlobStore store, ClusterDatasetFacts facts) => new(store, facts);

    /// <summary>The names of the data sets there are.</summary>
    public static async Task<IReadOnlyList<string>> ListAsync(IBlobStore store, CancellationToken cancellationToken = default)
    {
        var keys = await store.ListAsync("data/", cancellationToken).ConfigureAwait(false);
        return [.. keys.Select(k => k.Split('/')).Where(s => s is [_, _, "manifest"]).Select(s => s[1])];
    }

    /// <summary>Deletes a data set with all its versions.</summary>
    public static async Task DeleteAsync(IBlobStore store, string name, CancellationToken cancellationToken = default)
    {
        BlobKey.CheckName(name, "data set");
        await store.DeleteAsync(ManifestKey(name), cancellationToken).ConfigureAwait(false);
        await store.DeleteAsync($"data/{name}/", cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The rows of the blocks [<paramref name="firstBlock"/>, <paramref name="endBlock"/>) of one side.</summary>
    /// <param name="kind">"user" or "item".</param>
    /// <param name="firstBlock">The first block.</param>
    /// <param name="endBlock">The block after the last.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <exception cref="RecsysException">A block is missing or altered.</exception>
    public async Task<PartitionRows> ReadAsync(string kind, int firstBlock, int endBlock, CancellationToken cancellationToken = default)
    {
        var blocks = await ReadBlocksAsync(kind, firstBlock, endBlock, cancellationToken).ConfigureAwait(false);
        return PartitionRows.FromBlocks(blocks, kind == "user" ? Facts.Items : Facts.Users, kind);
    }

    /// <summary>The whole data set, as it was stored: same order of ids, same interactions.</summary>
    /// <exception cref="RecsysException">A block is missing or altered.</exception>
    public async Task<ClusterData> LoadAsync(CancellationToken cancellationToken = default)
    {
        var users = await ReadBlocksAsync("user", 0, VirtualBlocks.Count, cancellationToken).ConfigureAwait(false);
        var items = await ReadBlocksAsync("item", 0, VirtualBlocks.Count, cancellationToken).ConfigureAwait(false);
        return ClusterData.Join(Facts, users, items);
    }

    private static string ManifestKey(string name) => $"data/{name}/manifest";

    private static string BlockKey(string prefix, string kind, int block) =>
        string.Create(CultureInfo.InvariantCulture, $"{prefix}{kind}s/{block:D2}");

    /// <summary>Stores the blocks of one side; returns the id of a row with interactions.</summary>
    private static async Task<string> SaveSideAsync(
        IBlobStore store,
        string prefix,
        string kind,
        SparseMatrix columns,
        RowOrder order,
        RowOrder otherOrder,
        IdTable ids,
        CancellationToken cancellationToken)
    {
        var (offsets, codes, values) = PartitionRows.Arrange(columns, order, otherOrder, keepZeros: true);
        string sample = "";
        for (int b = 0; b < VirtualBlocks.Count; b++)
        {
            var block = Cut(b, order, ids, offsets, codes, values);
            string key = BlockKey(prefix, kind, b);
            if (block.StoredBytes > BlobKey.MaxBytes)
            {
                throw new RecsysException(
                    $"{key}: {block.StoredBytes} bytes; a block of a data set has at most {BlobKey.MaxBytes}: the data set is too large for {VirtualBlocks.Count} blocks");
            }

            for (int r = 0; r < block.Rows && sample.Length == 0; r++)
            {
                sample = block.Row(r).Length > 0 ? block.Id(r) : "";
            }

            await store.PutAsync(key, block.ToBytes(), cancellationToken: cancellationToken).ConfigureAwait(false);
        }

        return sample;
    }

    private static InteractionBlock Cut(int block, RowOrder order, IdTable ids, long[] offsets, uint[] codes, float[]? values)
    {
        int start = order.BlockStarts[block], end = order.BlockStarts[block + 1];
        int[] indices = order.Indices[start..end];
        var idStarts = new int[indices.Length + 1];
        for (int r = 0; r < indices.Length; r++)
        {
            idStarts[r + 1] = idStarts[r] + ids.Utf8(indices[r]).Length;
        }

        var utf8 = new byte[idStarts[^1]];
        var rowStarts = new long[indices.Length + 1];
        for (int r = 0; r < indices.Length; r++)
        {
            ids.Utf8(indices[r]).CopyTo(utf8.AsSpan(idStarts[r]));
            rowStarts[r + 1] = offsets[start + r + 1] - offsets[start];
        }

        int from = (int)offsets[start], to = (int)offsets[end];
        return new InteractionBlock(block, indices, utf8, idStarts, rowStarts, codes[from..to], values?[from..to]);
    }

    private static async Task DeleteOthersAsync(IBlobStore store, string name, string[] keep, CancellationToken cancellationToken)
    {
        string prefix = $"data/{name}/";
        var versions = (await store.ListAsync(prefix, cancellationToken).ConfigureAwait(false))
            .Select(k => k[prefix.Length..].Split('/')).Where(s => s.Length > 1).Select(s => s[0]).Distinct().Except(keep);
        foreach (string version in versions)
        {
            await store.DeleteAsync($"{prefix}{version}/", cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<InteractionBlock[]> ReadBlocksAsync(string kind, int firstBlock, int endBlock, CancellationToken cancellationToken)
    {
        // Several in a call, where calls cost more than what they bring; not all, which may be large.
        var blocks = new InteractionBlock[endBlock - firstBlock];
        foreach (int[] part in Enumerable.Range(firstBlock, blocks.Length).Chunk(BlocksRead))
        {
            string[] keys = [.. part.Select(block => BlockKey($"data/{Facts.Name}/{Facts.Version}/", kind, block))];
            var read = await _store.GetAllAsync(keys, cancellationToken).ConfigureAwait(false);
            for (int i = 0; i < part.Length; i++)
            {
                byte[] bytes = read[i] ?? throw new RecsysException($"{keys[i]}: missing: the data set was stored again or deleted since");
                blocks[part[i] - firstBlock] = InteractionBlock.Parse(bytes, keys[i]);
            }
        }

        return blocks;
    }
}
