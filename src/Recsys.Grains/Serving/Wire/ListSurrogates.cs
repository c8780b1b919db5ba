using Orleans.Serialization.Cloning;
using Recsys.Engine.Serving;

namespace Recsys.Grains.Serving.Wire;

/// <summary>How rankings travel: items as columns, what is not asked for left out.</summary>
[GenerateSerializer, Alias("recsys.list"), Immutable]
internal struct ListSurrogate
{
    [Id(0)] public string Model;
    [Id(1)] public string Version;
    [Id(2)] public bool Fallback;
    [Id(3)] public string[] Items;
    [Id(4)] public float[] Scores;
    [Id(5)] public string?[]? Names;
    [Id(6)] public ReasonsSurrogate[]? Reasons;
}

/// <summary>The reasons of one item.</summary>
[GenerateSerializer, Alias("recsys.reasons"), Immutable]
internal struct ReasonsSurrogate
{
    [Id(0)] public string[] Items;
    [Id(1)] public float[] Contributions;
    [Id(2)] public string?[]? Names;
}

/// <summary>Nothing changes a list that was answered: within a silo it goes as it is.</summary>
[RegisterCopier]
internal sealed class ListCopier : IDeepCopier<RecommendationList>, IOptionalDeepCopier
{
    public bool IsShallowCopyable() => true;

    public RecommendationList DeepCopy(RecommendationList input, CopyContext context) => input;
}

[RegisterConverter]
internal sealed class ListConverter : IConverter<RecommendationList, ListSurrogate>
{
    public RecommendationList ConvertFromSurrogate(in ListSurrogate s)
    {
        var items = new RecommendedItem[s.Items.Length];
        for (int i = 0; i < items.Length; i++)
        {
            items[i] = new RecommendedItem(s.Items[i], s.Scores[i], s.Names?[i], s.Reasons is null ? null : From(s.Reasons[i]));
        }

        return new RecommendationList(s.Model, s.Version, s.Fallback, items);
    }

    public ListSurrogate ConvertToSurrogate(in RecommendationList list)
    {
        var items = list.Items;
        var s = new ListSurrogate
        {
            Model = list.Model,
            Version = list.Version,
            Fallback = list.Fallback,
            Items = new string[items.Count],
            Scores = new float[items.Count],
        };
        for (int i = 0; i < items.Count; i++)
        {
            var item = items[i];
            s.Items[i] = item.Id;
            s.Scores[i] = item.Score;
            if (item.Name is not null)
            {
                (s.Names ??= new string?[items.Count])[i] = item.Name;
            }

            if (item.Reasons is not null)
            {
                (s.Reasons ??= new ReasonsSurrogate[items.Count])[i] = To(item.Reasons);
            }
        }

        return s;
    }

    private static Reason[] From(in ReasonsSurrogate s)
    {
        var reasons = new Reason[s.Items.Length];
        for (int r = 0; r < reasons.Length; r++)
        {
            reasons[r] = new Reason(s.Items[r], s.Contributions[r], s.Names?[r]);
        }

        return reasons;
    }

    private static ReasonsSurrogate To(IReadOnlyList<Reason> reasons) => new()
    {
        Items = [.. reasons.Select(r => r.Item)],
        Contributions = [.. reasons.Select(r => r.Contribution)],
        Names = reasons.All(r => r.Name is null) ? null : [.. reasons.Select(r => r.Name)],
    };
}
