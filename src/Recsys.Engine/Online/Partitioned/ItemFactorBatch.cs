namespace Recsys.Engine.Online.Partitioned;

/// <summary>
/// What one event partition's users have made of the factors of some items, as of now. The rows are whole shares, not changes:
/// a batch that comes twice, late or after a newer one does no harm.
/// </summary>
/// <param name="Source">The event partition.</param>
/// <param name="Instance">
/// Grows with each opening of the partition: reopened and replayed it may have learned something else, since it heard of the
/// others at other moments. Its shares replace those of earlier instances, which are not listened to any more.
/// </param>
/// <param name="From">The last batch that the source knows to be applied; 0: it begins to tell all it has.</param>
/// <param name="To">The batch's number, from 1, never used twice.</param>
/// <param name="Complete">Whether with it all is told: what an earlier instance had besides is dropped.</param>
/// <param name="Rows">The shares.</param>
public sealed record ItemFactorBatch(int Source, long Instance, long From, long To, bool Complete, ItemFactorRows Rows);
