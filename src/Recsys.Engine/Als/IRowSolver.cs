using Recsys.Engine.Numerics;

namespace Recsys.Engine.Als;

/// <summary>
/// Everything that is computed for rows, with one thread's scratch memory; one implementation for each vector width.
/// </summary>
internal unsafe interface IRowSolver : IDisposable
{
    /// <summary>Most rows of one call of <see cref="Solve"/>.</summary>
    const int MaxBatch = 32;

    /// <summary>
    /// Solves rows [first, first + count) of a partition and writes their factors, observed losses and penalties summed.
    /// </summary>
    (double DataLoss, double Penalty) Solve(
        PartitionRows data, int first, int count, FactorTable fixedSide, AlsBasis basis, HalfEpoch halfEpoch, DenseMatrix factors);

    /// <summary>to = from · matrix for rows [first, first + count).</summary>
    void Multiply(DenseMatrix from, int first, int count, DenseMatrix matrix, MatrixShape shape, DenseMatrix to);

    /// <summary>FᵀF of rows [first, first + count).</summary>
    GramMatrix Gram(DenseMatrix factors, int first, int count);
}
