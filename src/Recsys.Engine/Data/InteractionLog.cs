namespace Recsys.Engine.Data;

/// <summary>
/// Interactions in the order in which they were read, as columns of equal length: user and item (dense indices of the
/// two id tables), and a weight and a time where there are any. Pairs may stand more than once.
/// </summary>
public sealed class InteractionLog
{
    private readonly int[] _users;
    private readonly int[] _items;
    private readonly float[]? _weights;
    private readonly long[]? _times;

    /// <summary>Wraps the columns, which the log then owns.</summary>
    /// <param name="userIds">Ids of the users.</param>
    /// <param name="itemIds">Ids of the items.</param>
    /// <param name="users">User of each interaction.</param>
    /// <param name="items">Item of each interaction.</param>
    /// <param name="weights">Weight of each, finite; null where all are 1.</param>
    /// <param name="times">Time of each (Unix seconds, or whatever unit the source has); null where unknown.</param>
    /// <exception cref="RecsysException">The columns do not agree, or an index lies outside its table.</exception>
    public InteractionLog(IdTable userIds, IdTable itemIds, int[] users, int[] items, float[]? weights = null, long[]? times = null)
    {
        ArgumentNullException.ThrowIfNull(userIds);
        ArgumentNullException.ThrowIfNull(itemIds);
        ArgumentNullException.ThrowIfNull(users);
        ArgumentNullException.ThrowIfNull(items);
        if (items.Length != users.Length || (weights is not null && weights.Length != users.Length)
            || (times is not null && times.Length != users.Length))
        {
            throw new RecsysException("interactions: the columns' lengths do not agree");
        }

        CheckIndices(users, userIds.Count, "user");
        CheckIndices(items, itemIds.Count, "item");
        if (weights is not null)
        {
            int bad = Array.FindIndex(weights, w => !float.IsFinite(w));
            if (bad >= 0)
            {
                throw new RecsysException($"interactions: weight {bad} is {weights[bad]}");
            }
        }

        UserIds = userIds;
        ItemIds = itemIds;
        _users = users;
        _items = items;
        _weights = weights;
        _times = times;
    }

    /// <summary>Ids of the users; some may have no interaction.</summary>
    public IdTable UserIds { get; }

    /// <summary>Ids of the items; some may have no interaction.</summary>
    public IdTable ItemIds { get; }

    /// <summary>Number of interactions.</summary>
    public int Count => _users.Length;

    /// <summary>What the data came from, for reports: a file name or a description.</summary>
    public string Name { get; init; } = "";

    /// <summary>User of each interaction.</summary>
    public ReadOnlySpan<int> Users => _users;

    /// <summary>Item of each interaction.</summary>
    public ReadOnlySpan<int> Items => _items;

    /// <summary>Weight of each interaction; empty where all are 1.</summary>
    public ReadOnlySpan<float> Weights => _weights;

    /// <summary>Time of each interaction; empty where unknown.</summary>
    public ReadOnlySpan<long> Times => _times;

    /// <summary>Whether interactions carry weights; otherwise all are 1.</summary>
    public bool HasWeights => _weights is not null;

    /// <summary>Whether interactions carry times.</summary>
    public bool HasTimes => _times is not null;

    /// <summary>The users × items matrix; pairs that stand more than once are merged.</summary>
    public Dataset ToDataset(DuplicatePolicy duplicates = DuplicatePolicy.Sum) => ToDataset(duplicates, binary: false, out _);

    /// <summary>The users × items matrix; pairs that stand more than once are merged.</summary>
    /// <param name="duplicates">How they are merged.</param>
    /// <param name="binary">Whether every pair then gets the weight 1.</param>
    /// <param name="merged">How many interactions were merged into another of the same pair.</param>
    /// <exception cref="RecsysException">The sum of a pair's weights is not finite.</exception>
    public Dataset ToDataset(DuplicatePolicy duplicates, bool binary, out long merged)
    {
        var matrix = MatrixBuilder.Build(this, duplicates, binary, out merged);
        return new Dataset(UserIds, ItemIds, matrix) { Name = Name };
    }

    /// <summary>
    /// The same with every pair once: at the place and time of the first (earliest, where there are times), with the
    /// weight that <paramref name="duplicates"/> says. Pairs whose weights add up to 0 are left out.
    /// </summary>
    public InteractionLog Merge(DuplicatePolicy duplicates, out long merged) => LogMerger.Merge(this, duplicates, out merged);

    private static void CheckIndices(int[] indices, int count, string kind)
    {
        uint worst = 0;
        foreach (int i in indices)
        {
            worst = Math.Max(worst, (uint)i);
        }

        if (indices.Length > 0 && worst >= (uint)count)
        {
            throw new RecsysException($"interactions: {kind} {(int)worst} is outside the table of {count} {kind}s");
        }
    }
}
