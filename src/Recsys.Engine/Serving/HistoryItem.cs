namespace Recsys.Engine.Serving;

/// <summary>An item of a history.</summary>
/// <param name="Item">Its id.</param>
/// <param name="Weight">Its weight; negative for a dislike.</param>
public sealed record HistoryItem(string Item, float Weight = 1);
