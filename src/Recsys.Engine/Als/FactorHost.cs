using System.Runtime.Intrinsics;
using Recsys.Engine.Compute;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Als;

/// <summary>
/// What the partitions of one process share: options, threads and each thread's scratch memory. Solving loops of its
/// partitions run one after the other, each on all threads.
/// </summary>
public sealed class FactorHost : IDisposable
{
    private readonly IRowSolver[] _solvers;

    /// <summary>A host that uses <paramref name="pool"/>, which it does not own.</summary>
    public FactorHost(AlsOptions options, ComputePool pool)
        : this(options, pool, Simd.Best)
    {
    }

    /// <param name="options">Training options.</param>
    /// <param name="pool">Threads.</param>
    /// <param name="level">Vector width.</param>
    /// <param name="wrap">What stands before a thread's solver; not given: nothing.</param>
    internal FactorHost(AlsOptions options, ComputePool pool, SimdLevel level, Func<IRowSolver, IRowSolver>? wrap = null)
    {
        options.Validate();
        Options = options;
        Pool = pool;
        _solvers = new IRowSolver[pool.Threads];
        for (int w = 0; w < _solvers.Length; w++)
        {
            IRowSolver solver = level switch
            {
                SimdLevel.Vector512 => new RowSolver<Ops512, Vector512<float>>(options),
                SimdLevel.Vector256 => new RowSolver<Ops256, Vector256<float>>(options),
                _ => new RowSolver<Ops128, Vector128<float>>(options),
            };
            _solvers[w] = wrap is null ? solver : wrap(solver);
        }
    }

    /// <summary>The training options.</summary>
    public AlsOptions Options { get; }

    /// <summary>The threads.</summary>
    public ComputePool Pool { get; }

    /// <summary>The solver and scratch memory of a thread of the pool.</summary>
    internal IRowSolver Solver(int worker) => _solvers[worker];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var solver in _solvers)
        {
            solver.Dispose();
        }
    }
}
