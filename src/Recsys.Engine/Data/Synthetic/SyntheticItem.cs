namespace Recsys.Engine.Data.Synthetic;

/// <summary>A book of the synthetic catalogue.</summary>
/// <param name="Id">Its item id.</param>
/// <param name="Title">Its title, unique in the catalogue.</param>
/// <param name="Genre">Its genre.</param>
/// <param name="Series">Index of the series it belongs to, or −1.</param>
/// <param name="OtherEdition">Index of the item that is the same book in another edition, or −1.</param>
public sealed record SyntheticItem(string Id, string Title, string Genre, int Series, int OtherEdition);
