namespace Recsys.Engine.Ease.Distributed;

/// <summary>
/// The owner of some block columns of G, then of its inverse, then of B. The training loop and the other partitions reach it
/// through this interface only, so that it may live in another process: arguments and results are immutable data. No call
/// waits for work: <see cref="StartAsync"/> starts it, <see cref="ReportAsync"/> tells how it stands. Every call may be
/// repeated or lost; calls may come concurrently and, where an answer was late, out of order.
/// </summary>
public interface IEasePartition
{
    /// <summary>
    /// Takes part in attempt <paramref name="attempt"/>: what an earlier attempt left is dropped, its work is stopped. For
    /// the same attempt, or an earlier one, nothing is changed. The report names the checkpoints there are.
    /// </summary>
    /// <param name="plan">What all have agreed on.</param>
    /// <param name="attempt">From 1.</param>
    /// <param name="fresh">Whether to delete checkpoints of this training first.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="RecsysException">The plan does not fit the data that is here, or the memory does not suffice.</exception>
    Task<EaseReport> BeginAsync(EasePlan plan, int attempt, bool fresh, CancellationToken cancellationToken);

    /// <summary>
    /// Starts a step unless it is done or under way, and returns at once. A partition that does not know the training (or
    /// this attempt) reports what it knows and does nothing.
    /// </summary>
    /// <exception cref="RecsysException">The step is of an earlier attempt, or others have to come before it.</exception>
    Task<EaseReport> StartAsync(EaseStep step, CancellationToken cancellationToken);

    /// <summary>How it stands; while a step is under way, the answer may be held back up to <paramref name="waitMilliseconds"/> for its end.</summary>
    Task<EaseReport> ReportAsync(int waitMilliseconds, CancellationToken cancellationToken);

    /// <summary>
    /// L⁻¹ of a pivot block this partition owns (A = L·Lᵀ), block × block; null when it is not to be had yet, after waiting
    /// up to <paramref name="waitMilliseconds"/>.
    /// </summary>
    /// <exception cref="RecsysException">It is not to be had any more, or not from here.</exception>
    ValueTask<PanelBlock?> GetPivotAsync(string training, int attempt, int pivot, int waitMilliseconds, CancellationToken cancellationToken);

    /// <summary>
    /// Blocks of the panel Y = V·L⁻ᵀ of a pivot, each as Yᵀ in block × block: number <paramref name="first"/> and following of
    /// <see cref="EaseLayout.PanelOf"/>, up to <paramref name="count"/> and to what fits in a message. Null when they are not to
    /// be had yet.
    /// </summary>
    /// <exception cref="RecsysException">They are not to be had any more, or not from here.</exception>
    ValueTask<PanelBlock?> GetPanelAsync(
        string training, int attempt, int pivot, int first, int count, int waitMilliseconds, CancellationToken cancellationToken);

    /// <summary>
    /// Rows of the own columns as of <paramref name="stage"/>: [firstRow, firstRow + maxRows) and what fits in a message, of
    /// the first <paramref name="columns"/> columns. Swept: of −G⁻¹, of which only the lower triangle is valid; Finished: of B.
    /// </summary>
    /// <exception cref="PartitionUnreachableException">The partition has not (or no more) what was asked for.</exception>
    ValueTask<PanelBlock> GetColumnsAsync(
        string training, int attempt, EaseStage stage, int firstRow, int maxRows, int columns, CancellationToken cancellationToken);

    /// <summary>The diagonal of P = G⁻¹ at the own columns, when they are finished.</summary>
    /// <exception cref="PartitionUnreachableException">They are not (or no more).</exception>
    Task<float[]> GetDiagonalAsync(string training, int attempt, CancellationToken cancellationToken);

    /// <summary>
    /// Ends the part in a training: work is stopped, memory freed. Does nothing when it is in a later attempt, or in another
    /// training.
    /// </summary>
    Task EndAsync(string training, int attempt, bool deleteCheckpoints, CancellationToken cancellationToken);
}
