using Recsys.Engine;
using Recsys.Engine.Als;

namespace Recsys.Grains.Training;

/// <summary>
/// A partition grain as the <see cref="IStoredFactorPartition"/> that training loop and other partitions know: starts steps and
/// asks until they are done, and makes calls again when the grain's silo is lost, which brings it up elsewhere. The basis of a
/// half-epoch is not sent: every silo asks the coordinator for the Gram matrix and computes it, once.
/// </summary>
internal sealed class RemoteFactorPartition(IGrainFactory grains, PartitionKey key, RecsysTrainingOptions options) : IStoredFactorPartition
{
    private readonly IFactorPartitionGrain _grain = grains.GetGrain<IFactorPartitionGrain>(key.ToString());

    /// <summary>Told of rows that came, and their bytes.</summary>
    public Action<FactorRows, long>? Received { get; init; }

    /// <summary>Told of the end of each solving step.</summary>
    public Action<FactorAnswer>? Solved { get; init; }

    /// <summary>The address.</summary>
    public IFactorPartitionGrain Grain => _grain;

    public async Task InitializeAsync(CancellationToken cancellationToken) =>
        await StepAsync(new FactorStep(FactorStepKind.Open, 0), cancellationToken).ConfigureAwait(false);

    public async Task BeginAsync(long attempt, CancellationToken cancellationToken) =>
        await StepAsync(new FactorStep(FactorStepKind.Begin, 0, attempt), cancellationToken).ConfigureAwait(false);

    public async Task RestoreAsync(int phase, long attempt, CancellationToken cancellationToken) =>
        await StepAsync(new FactorStep(FactorStepKind.Restore, phase, attempt), cancellationToken).ConfigureAwait(false);

    public async Task<IReadOnlyList<GramPart>> GramAsync(int phase, CancellationToken cancellationToken) =>
        (await StepAsync(new FactorStep(FactorStepKind.Gram, phase), cancellationToken).ConfigureAwait(false)).Grams!;

    /// <summary>Nothing: it makes the basis, and prepares its rows, when they are asked for, which is at once.</summary>
    public Task WhitenAsync(int phase, Lazy<AlsBasis> basis, CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<HalfEpochReport> SolveAsync(HalfEpoch halfEpoch, Lazy<AlsBasis> basis, CancellationToken cancellationToken)
    {
        var step = new FactorStep(FactorStepKind.Solve, halfEpoch.Phase, halfEpoch.Attempt, halfEpoch.Store, halfEpoch.Checkpoint);
        var answer = await StepAsync(step, cancellationToken).ConfigureAwait(false);
        Solved?.Invoke(answer);
        return answer.Report!;
    }

    public async ValueTask<FactorBlock> GetWhitenedAsync(
        int phase, int index, int firstRow, int maxRows, RowSelection? wanted, CancellationToken cancellationToken)
    {
        var rows = await Transient.CallAsync(
            () => _grain.GetWhitenedAsync(phase, index, firstRow, maxRows, wanted).AsTask(), options.Patience, What, cancellationToken).ConfigureAwait(false);
        if (rows.Rows is not { } block)
        {
            throw new PartitionBehindException($"{What} has lost the factors of half-epoch {phase - 1}");
        }

        Received?.Invoke(rows, (long)(block.Wanted?.Count ?? block.Rows) * block.Factors * sizeof(float));
        return block;
    }

    public async ValueTask<FactorBlock> GetFactorsAsync(int block, int firstRow, int maxRows, CancellationToken cancellationToken)
    {
        var rows = await Transient.CallAsync(
            () => _grain.GetFactorsAsync(block, firstRow, maxRows).AsTask(), options.Patience, What, cancellationToken).ConfigureAwait(false);
        Received?.Invoke(rows, (long)rows.Rows!.Rows * rows.Rows.Factors * sizeof(float));
        return rows.Rows!;
    }

    public ValueTask PutFactorsAsync(FactorBlock rows, CancellationToken cancellationToken) =>
        throw new RecsysException("factors of a partition elsewhere are restored from its checkpoint");

    private string What => $"partition {key}";

    private async Task<FactorAnswer> StepAsync(FactorStep step, CancellationToken cancellationToken)
    {
        while (true)
        {
            var answer = await Transient.CallAsync(() => _grain.StepAsync(step), options.Patience, What, cancellationToken).ConfigureAwait(false);
            if (answer.Behind is { } behind)
            {
                throw new PartitionBehindException(behind);
            }

            if (answer.Done)
            {
                return answer;
            }
        }
    }
}
