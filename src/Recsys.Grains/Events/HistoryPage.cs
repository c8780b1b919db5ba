namespace Recsys.Grains.Events;

/// <summary>Histories of consecutive users of an event partition.</summary>
/// <param name="Users">Their ids.</param>
/// <param name="Counts">Pairs of each.</param>
/// <param name="Items">Ids of the items that occur.</param>
/// <param name="Columns">Of each pair the place of its item in <paramref name="Items"/>.</param>
/// <param name="Weights">Of each pair the weight.</param>
/// <param name="Next">The user to go on with; −1 at the end.</param>
[GenerateSerializer, Immutable, Alias("recsys.history-page")]
public sealed record HistoryPage(
    [property: Id(0)] string[] Users,
    [property: Id(1)] int[] Counts,
    [property: Id(2)] string[] Items,
    [property: Id(3)] int[] Columns,
    [property: Id(4)] float[] Weights,
    [property: Id(5)] int Next);
