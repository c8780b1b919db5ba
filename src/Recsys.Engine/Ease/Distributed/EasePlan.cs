using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Ease.Distributed;

/// <summary>
/// What every partition of a distributed EASE training has to agree on. The model does not depend on
/// <paramref name="Partitions"/>, nor on who owns what.
/// </summary>
/// <param name="Training">Id of the training, unique.</param>
/// <param name="Items">n, the number of items.</param>
/// <param name="Interactions">Number of interactions of the data, to tell other data from the right one.</param>
/// <param name="Partitions">Number of partitions of the columns.</param>
/// <param name="Block">Columns of a block: the unit of ownership and the pivot block of the inverse.</param>
/// <param name="Options">The training options.</param>
public sealed record EasePlan(string Training, int Items, long Interactions, int Partitions, int Block, EaseOptions Options)
{
    // There the inverse takes a second of one core, and what parts of it have to tell each other as much.
    private const int LeastDivided = 4096;

    /// <summary>Bits of the vectors that all partitions compute with (<see cref="VectorWidth"/>).</summary>
    public int VectorBits { get; init; } = VectorWidth.Bits;

    /// <summary>Whether a training of so many items gains by more than one partition.</summary>
    public static bool IsWorthDividing(int items) => items > LeastDivided;

    /// <summary>The plan that gives the model of <see cref="EaseTrainer"/>, bit for bit (on processors of one vector width).</summary>
    /// <exception cref="InvalidOptionException">An option is out of range, or cannot be had from partitions.</exception>
    /// <exception cref="RecsysException">The data is empty.</exception>
    public static EasePlan Create(string training, Dataset data, EaseOptions options, int partitions)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(options);
        return Create(training, data.Items.Count, data.Interactions.Count, options, partitions);
    }

    /// <summary>The same where the data is elsewhere.</summary>
    /// <inheritdoc cref="Create(string, Dataset, EaseOptions, int)"/>
    public static EasePlan Create(string training, int items, long interactions, EaseOptions options, int partitions) =>
        Create(training, items, interactions, options, partitions, VectorWidth.Bits);

    /// <summary>The same in a width that all partitions' machines have.</summary>
    /// <inheritdoc cref="Create(string, Dataset, EaseOptions, int)"/>
    public static EasePlan Create(string training, int items, long interactions, EaseOptions options, int partitions, int vectorBits)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (items == 0 || interactions == 0)
        {
            throw new RecsysException("EASE needs at least one interaction");
        }

        int block = SweepKernel.BlockFor(items, VectorWidth.Level(vectorBits));
        var plan = new EasePlan(training, items, interactions, partitions, block, options) { VectorBits = vectorBits };
        plan.Validate();
        return plan;
    }

    /// <summary>Refuses what partitions cannot do.</summary>
    /// <exception cref="InvalidOptionException">An option is out of range, or cannot be had from partitions.</exception>
    public void Validate()
    {
        Options.Validate();
        _ = VectorWidth.Level(VectorBits);
        if (Partitions < 1)
        {
            throw new InvalidOptionException($"distributed EASE: expected 1 partition or more, not {Partitions}");
        }

        if (Options.NonNegative == NonNegativeMode.Constrained)
        {
            throw new InvalidOptionException(
                "distributed EASE: non-negative constrained needs the whole Gram matrix in one place; use clip, or train on one machine");
        }

        if (Options.Density < 1)
        {
            throw new InvalidOptionException(
                "distributed EASE: sparsify ranks the weights of all partitions together; train without it, or on one machine");
        }

        if (Items < 1 || Block < 16 || Block % 16 != 0)
        {
            throw new RecsysException($"distributed EASE: {Items} items in blocks of {Block}; expected multiples of 16");
        }
    }
}
