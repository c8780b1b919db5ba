using Recsys.Engine.Models;
using Recsys.Engine.Serving.Partitioned;

namespace Recsys.Grains.Serving.Wire;

/// <summary>How a question to item partitions travels.</summary>
[GenerateSerializer, Alias("recsys.scoring"), Immutable]
internal struct ScoringSurrogate
{
    [Id(0)] public int[] Items;
    [Id(1)] public float[]? Weights;
    [Id(2)] public float[]? Factors;
    [Id(3)] public bool KeepSeen;
    [Id(4)] public int[]? Exclude;
    [Id(5)] public ulong[]? Allowed;
    [Id(6)] public int Count;
}

[RegisterConverter]
internal sealed class ScoringConverter : IConverter<ScoringRequest, ScoringSurrogate>
{
    public ScoringRequest ConvertFromSurrogate(in ScoringSurrogate s) => new(
        new UserProfile(s.Items, s.Weights, s.Factors),
        new ItemFilter
        {
            KeepSeen = s.KeepSeen,
            Exclude = s.Exclude,
            Allowed = s.Allowed is null ? default(ReadOnlyMemory<ulong>?) : s.Allowed,
        },
        s.Count);

    public ScoringSurrogate ConvertToSurrogate(in ScoringRequest r) => new()
    {
        Items = r.User.Items.ToArray(),
        Weights = r.User.Weights.IsEmpty ? null : r.User.Weights.ToArray(),
        Factors = r.User.Factors.IsEmpty ? null : r.User.Factors.ToArray(),
        KeepSeen = r.Filter.KeepSeen,
        Exclude = r.Filter.Exclude.IsEmpty ? null : r.Filter.Exclude.ToArray(),
        Allowed = r.Filter.Allowed is { } allowed ? allowed.ToArray() : null,
        Count = r.Count,
    };
}
