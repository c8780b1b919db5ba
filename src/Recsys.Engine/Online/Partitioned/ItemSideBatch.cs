namespace Recsys.Engine.Online.Partitioned;

/// <summary>
/// What one event partition's users make of some items, as of a position in its journal. The numbers are the partition's
/// whole share, not changes: a batch that comes twice, late or after a newer one does no harm, and what follows from a
/// replayed journal is the same to the bit.
/// </summary>
/// <param name="Source">The event partition.</param>
/// <param name="From">
/// Items that events changed from this position on are in the batch; 0: all items, and whoever is not in it has no share.
/// </param>
/// <param name="To">The position that the numbers are of; it numbers the batches of a source.</param>
/// <param name="Landmark">The time (Unix milliseconds) at which a click's mass is its weight.</param>
/// <param name="Items">Ids of the items.</param>
/// <param name="Users">Users of the partition who have each item with a positive weight.</param>
/// <param name="Masses">The partition's share in each item's time-decayed popularity, at the landmark.</param>
public sealed record ItemSideBatch(
    int Source, long From, long To, long Landmark, IReadOnlyList<string> Items, IReadOnlyList<int> Users, IReadOnlyList<double> Masses);
