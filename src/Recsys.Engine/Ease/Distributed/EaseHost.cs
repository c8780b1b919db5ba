using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Ease.Distributed;

/// <summary>
/// What the partitions of one training in one process share: the interactions, the threads, and the panels, so that each
/// is fetched from its owner once. Loops of its partitions run one after the other, each on all threads.
/// </summary>
public sealed class EaseHost : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, EasePartition> _local = [];
    private readonly Lazy<SparseMatrix> _items;
    private SweepKernel? _kernel;
    private int _kernelBits;

    /// <summary>A host.</summary>
    /// <param name="interactions">X, users × items: all of it.</param>
    /// <param name="queue">Threads to compute with, which the host does not own.</param>
    /// <param name="checkpoints">Where blocks are kept while a training runs; null: nowhere, and a loss costs the whole training.</param>
    /// <param name="byItem">The transpose of the interactions; null: it is made here.</param>
    public EaseHost(SparseMatrix interactions, ComputeQueue queue, EaseCheckpoints? checkpoints = null, SparseMatrix? byItem = null)
    {
        ArgumentNullException.ThrowIfNull(interactions);
        ArgumentNullException.ThrowIfNull(queue);
        Users = interactions;
        Queue = queue;
        Checkpoints = checkpoints;
        _items = byItem is null ? new(interactions.Transpose) : new(byItem);
        Panels = new EasePanels(this);
    }

    /// <summary>X.</summary>
    internal SparseMatrix Users { get; }

    /// <summary>Xᵀ.</summary>
    internal SparseMatrix Items => _items.Value;

    /// <summary>The threads.</summary>
    internal ComputeQueue Queue { get; }

    internal EaseCheckpoints? Checkpoints { get; }

    internal EasePanels Panels { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Panels.Dispose();
        lock (_gate)
        {
            _kernel?.Dispose();
            _kernel = null;
        }
    }

    /// <summary>The kernels for the blocks of a plan. All partitions of the host have the same.</summary>
    internal SweepKernel Kernel(EasePlan plan)
    {
        lock (_gate)
        {
            if (_kernel?.Block != plan.Block || _kernelBits != plan.VectorBits)
            {
                _kernel = SweepKernel.Create(plan.Block, Queue.Threads, VectorWidth.Level(plan.VectorBits));
                _kernelBits = plan.VectorBits;
            }

            return _kernel;
        }
    }

    /// <summary>The partition of that number, where it is here.</summary>
    internal EasePartition? Local(int partition)
    {
        lock (_gate)
        {
            return _local.GetValueOrDefault(partition);
        }
    }

    /// <summary>Number of partitions here that own columns under a layout.</summary>
    internal int LocalOwners(EaseLayout layout)
    {
        lock (_gate)
        {
            return _local.Keys.Count(p => p < layout.Partitions && layout.Columns(p) > 0);
        }
    }

    internal void Register(int index, EasePartition partition)
    {
        lock (_gate)
        {
            _local[index] = partition;
        }
    }

    internal void Unregister(int index, EasePartition partition)
    {
        lock (_gate)
        {
            if (_local.GetValueOrDefault(index) == partition)
            {
                _local.Remove(index);
            }
        }
    }
}
