namespace Recsys.Engine.Online.Partitioned;

/// <summary>Sums of shares that changed.</summary>
/// <param name="Instance">A number of its own for each life of the item partition: one that was lost begins empty.</param>
/// <param name="UpTo">Changes up to here are in this answer or were in earlier ones.</param>
/// <param name="More">Whether there are more already.</param>
/// <param name="Whole">
/// Whether every event partition has told all it has. Before that, who knows the sums of an earlier instance gets no rows: they
/// are better than sums of which parts are missing.
/// </param>
/// <param name="Heard">Number of the last batch of the reader's instance that was applied.</param>
/// <param name="ReaderInstance">The instance of the reader whose shares are held; 0 for none.</param>
/// <param name="Rows">The sums.</param>
public sealed record ItemFactorChanges(
    long Instance, long UpTo, bool More, bool Whole, long Heard, long ReaderInstance, ItemFactorRows Rows);
