using Recsys.Engine.Online.Partitioned;
using Recsys.Engine.Serving;

namespace Recsys.Grains.Serving.Wire;

/// <summary>How an event travels.</summary>
[GenerateSerializer, Alias("recsys.event"), Immutable]
internal struct EventSurrogate
{
    [Id(0)] public string User;
    [Id(1)] public string Item;
    [Id(2)] public string Kind;
    [Id(3)] public string? Id;
    [Id(4)] public float? Value;
    [Id(5)] public long? UtcTicks;
}

[RegisterConverter]
internal sealed class EventConverter : IConverter<IncomingEvent, EventSurrogate>
{
    public IncomingEvent ConvertFromSurrogate(in EventSurrogate s) => new(
        s.User, s.Item, s.Kind, s.Id, s.Value, s.UtcTicks is { } ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null);

    public EventSurrogate ConvertToSurrogate(in IncomingEvent e) =>
        new() { User = e.User, Item = e.Item, Kind = e.Kind, Id = e.Id, Value = e.Value, UtcTicks = e.Time?.UtcTicks };
}

[GenerateSerializer, Alias("recsys.receipt"), Immutable]
internal struct ReceiptSurrogate
{
    [Id(0)] public string[] Ids;
    [Id(1)] public int Accepted;
    [Id(2)] public int Duplicates;
    [Id(3)] public long Position;
}

[RegisterConverter]
internal sealed class ReceiptConverter : IConverter<IngestReceipt, ReceiptSurrogate>
{
    public IngestReceipt ConvertFromSurrogate(in ReceiptSurrogate s) => new(s.Ids, s.Accepted, s.Duplicates, s.Position);

    public ReceiptSurrogate ConvertToSurrogate(in IngestReceipt r) =>
        new() { Ids = [.. r.Ids], Accepted = r.Accepted, Duplicates = r.Duplicates, Position = r.Position };
}

[GenerateSerializer, Alias("recsys.history"), Immutable]
internal struct UserHistorySurrogate
{
    [Id(0)] public bool Known;
    [Id(1)] public string[] Items;
    [Id(2)] public float[]? Weights;
    [Id(3)] public float[]? LiveFactors;
}

[RegisterConverter]
internal sealed class UserHistoryConverter : IConverter<UserHistory, UserHistorySurrogate>
{
    public UserHistory ConvertFromSurrogate(in UserHistorySurrogate s) =>
        new(s.Known, HistorySurrogates.From(s.Items, s.Weights)!) { LiveFactors = s.LiveFactors ?? ReadOnlyMemory<float>.Empty };

    public UserHistorySurrogate ConvertToSurrogate(in UserHistory h) => new()
    {
        Known = h.Known,
        Items = HistorySurrogates.Items(h.Items)!,
        Weights = HistorySurrogates.Weights(h.Items),
        LiveFactors = h.LiveFactors.IsEmpty ? null : h.LiveFactors.ToArray(),
    };
}

[GenerateSerializer, Alias("recsys.item-side"), Immutable]
internal struct ItemSideSurrogate
{
    [Id(0)] public int Source;
    [Id(1)] public long From;
    [Id(2)] public long To;
    [Id(3)] public long Landmark;
    [Id(4)] public string[] Items;
    [Id(5)] public int[] Users;
    [Id(6)] public double[] Masses;
}

[RegisterConverter]
internal sealed class ItemSideConverter : IConverter<ItemSideBatch, ItemSideSurrogate>
{
    public ItemSideBatch ConvertFromSurrogate(in ItemSideSurrogate s) => new(s.Source, s.From, s.To, s.Landmark, s.Items, s.Users, s.Masses);

    public ItemSideSurrogate ConvertToSurrogate(in ItemSideBatch b) => new()
    {
        Source = b.Source,
        From = b.From,
        To = b.To,
        Landmark = b.Landmark,
        Items = [.. b.Items],
        Users = [.. b.Users],
        Masses = [.. b.Masses],
    };
}

[GenerateSerializer, Alias("recsys.item-statistics"), Immutable]
internal struct ItemStatisticsSurrogate
{
    [Id(0)] public string Item;
    [Id(1)] public int Users;
    [Id(2)] public double Mass;
    [Id(3)] public long Landmark;
}

[RegisterConverter]
internal sealed class ItemStatisticsConverter : IConverter<ItemStatistics, ItemStatisticsSurrogate>
{
    public ItemStatistics ConvertFromSurrogate(in ItemStatisticsSurrogate s) => new(s.Item, s.Users, s.Mass, s.Landmark);

    public ItemStatisticsSurrogate ConvertToSurrogate(in ItemStatistics i) =>
        new() { Item = i.Item, Users = i.Users, Mass = i.Mass, Landmark = i.Landmark };
}
