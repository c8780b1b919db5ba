using Recsys.Engine.Online.Partitioned;
using Recsys.Grains.Wire;

namespace Recsys.Grains.Serving.Wire;

/// <summary>How item factors of live models travel: ids, and one block of numbers.</summary>
[GenerateSerializer, Alias("recsys.item-factor-rows"), Immutable]
internal struct ItemFactorRowsSurrogate
{
    [Id(0)] public string[] Items;
    [Id(1)] public RawRows Rows;
}

[RegisterConverter]
internal sealed class ItemFactorRowsConverter : IConverter<ItemFactorRows, ItemFactorRowsSurrogate>
{
    public ItemFactorRows ConvertFromSurrogate(in ItemFactorRowsSurrogate s) => new(s.Items, s.Rows.Columns, s.Rows.Values);

    public ItemFactorRowsSurrogate ConvertToSurrogate(in ItemFactorRows r) =>
        new() { Items = r.Items as string[] ?? [.. r.Items], Rows = new RawRows(r.Items.Count, r.Length, r.Values) };
}

[GenerateSerializer, Alias("recsys.item-factor-batch"), Immutable]
internal struct ItemFactorBatchSurrogate
{
    [Id(0)] public int Source;
    [Id(1)] public long Instance;
    [Id(2)] public long From;
    [Id(3)] public long To;
    [Id(4)] public bool Complete;
    [Id(5)] public ItemFactorRows Rows;
}

[RegisterConverter]
internal sealed class ItemFactorBatchConverter : IConverter<ItemFactorBatch, ItemFactorBatchSurrogate>
{
    public ItemFactorBatch ConvertFromSurrogate(in ItemFactorBatchSurrogate s) => new(s.Source, s.Instance, s.From, s.To, s.Complete, s.Rows);

    public ItemFactorBatchSurrogate ConvertToSurrogate(in ItemFactorBatch b) =>
        new() { Source = b.Source, Instance = b.Instance, From = b.From, To = b.To, Complete = b.Complete, Rows = b.Rows };
}

[GenerateSerializer, Alias("recsys.item-factor-query"), Immutable]
internal struct ItemFactorQuerySurrogate
{
    [Id(0)] public int Reader;
    [Id(1)] public long ReaderInstance;
    [Id(2)] public long Instance;
    [Id(3)] public long Since;
    [Id(4)] public int MostRows;
}

[RegisterConverter]
internal sealed class ItemFactorQueryConverter : IConverter<ItemFactorQuery, ItemFactorQuerySurrogate>
{
    public ItemFactorQuery ConvertFromSurrogate(in ItemFactorQuerySurrogate s) => new(s.Reader, s.ReaderInstance, s.Instance, s.Since, s.MostRows);

    public ItemFactorQuerySurrogate ConvertToSurrogate(in ItemFactorQuery q) =>
        new() { Reader = q.Reader, ReaderInstance = q.ReaderInstance, Instance = q.Instance, Since = q.Since, MostRows = q.MostRows };
}

[GenerateSerializer, Alias("recsys.item-factor-changes"), Immutable]
internal struct ItemFactorChangesSurrogate
{
    [Id(0)] public long Instance;
    [Id(1)] public long UpTo;
    [Id(2)] public bool More;
    [Id(3)] public bool Whole;
    [Id(4)] public long Heard;
    [Id(5)] public long ReaderInstance;
    [Id(6)] public ItemFactorRows Rows;
}

[RegisterConverter]
internal sealed class ItemFactorChangesConverter : IConverter<ItemFactorChanges, ItemFactorChangesSurrogate>
{
    public ItemFactorChanges ConvertFromSurrogate(in ItemFactorChangesSurrogate s) =>
        new(s.Instance, s.UpTo, s.More, s.Whole, s.Heard, s.ReaderInstance, s.Rows);

    public ItemFactorChangesSurrogate ConvertToSurrogate(in ItemFactorChanges c) => new()
    {
        Instance = c.Instance,
        UpTo = c.UpTo,
        More = c.More,
        Whole = c.Whole,
        Heard = c.Heard,
        ReaderInstance = c.ReaderInstance,
        Rows = c.Rows,
    };
}
