namespace Recsys.Engine.Online.Partitioned;

/// <summary>Asks an item partition which sums of shares changed.</summary>
/// <param name="Reader">The event partition that asks, whose own shares are left out; −1: a server, which wants the sums of all.</param>
/// <param name="ReaderInstance">The reader's <see cref="ItemFactorBatch.Instance"/>.</param>
/// <param name="Instance">The <see cref="ItemFactorChanges.Instance"/> of the last answer; 0 before the first.</param>
/// <param name="Since">The <see cref="ItemFactorChanges.UpTo"/> of the last answer.</param>
/// <param name="MostRows">Most items to return, those that changed first.</param>
public sealed record ItemFactorQuery(int Reader, long ReaderInstance, long Instance, long Since, int MostRows);
