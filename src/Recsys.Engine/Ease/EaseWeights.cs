using Recsys.Engine.Data;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Ease;

/// <summary>The item-item matrix B, dense or sparse, with what is known of it.</summary>
public sealed class EaseWeights : IDisposable
{
    private EaseWeights(DenseMatrix? dense, SparseMatrix? sparse, float[] inverseDiagonal)
    {
        Dense = dense;
        Sparse = sparse;
        InverseDiagonal = inverseDiagonal;
    }

    /// <summary>B as n × n float32, or null when it is sparse.</summary>
    public DenseMatrix? Dense { get; }

    /// <summary>B as sparse rows, or null when it is dense.</summary>
    public SparseMatrix? Sparse { get; }

    /// <summary>The diagonal of P = G⁻¹ (B and it determine P); empty for the constrained solution, which has no P.</summary>
    public IReadOnlyList<float> InverseDiagonal { get; }

    /// <summary>Number of items, n.</summary>
    public int Items => Dense?.Rows ?? Sparse!.Rows;

    /// <inheritdoc/>
    public void Dispose() => Dense?.Dispose();

    internal static EaseWeights FromDense(DenseMatrix dense, float[] inverseDiagonal) =>
        new(dense, null, inverseDiagonal);

    internal static EaseWeights FromSparse(SparseMatrix sparse, float[] inverseDiagonal) =>
        new(null, sparse, inverseDiagonal);
}
