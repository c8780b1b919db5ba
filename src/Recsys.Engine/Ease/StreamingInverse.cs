using Recsys.Engine.Compute;
using Recsys.Engine.Numerics;
using Recsys.Engine.Serving;

namespace Recsys.Engine.Ease;

/// <summary>
/// P = (XᵀX + λI)⁻¹ with room to grow. An item without interactions borders P by zeros and 1/λ: the room is filled
/// with that from the start, so that a new item within it changes nothing but the count. Writers and readers are kept
/// apart by the owner.
/// </summary>
internal sealed unsafe class StreamingInverse : IDisposable
{
    private readonly double _regularization;
    private DenseMatrix _matrix;
    private float[] _scale;

    /// <summary>Takes ownership of P, n × n.</summary>
    public StreamingInverse(DenseMatrix p, double regularization)
    {
        _matrix = p;
        _regularization = regularization;
        Items = p.Rows;
        _scale = new float[p.Rows];
        RefreshScale();
    }

    /// <summary>n.</summary>
    public int Items { get; private set; }

    /// <summary>Items there is room for.</summary>
    public int Capacity => _matrix.Rows;

    public long Bytes => _matrix.Bytes;

    /// <summary>P_ij, or that of items without interactions.</summary>
    public float this[int i, int j] => i < Items && j < Items ? _matrix.Row(i)[j] : i == j ? (float)(1 / _regularization) : 0;

    /// <summary>P as far as there are items.</summary>
    public MatrixView View => ((MatrixView)_matrix).Slice(0, 0, Items, Items);

    /// <summary>The first <see cref="Items"/> elements of a row.</summary>
    public ReadOnlySpan<float> Row(int item) => _matrix.Row(item)[..Items];

    /// <summary>A matrix with room for more items than <paramref name="items"/>; null where there is room. Only reads.</summary>
    public DenseMatrix? PrepareGrowth(int items)
    {
        if (items <= Capacity)
        {
            return null;
        }

        // An eighth more at a time keeps copying at O(n²) an item's worth of updates, and memory within a quarter.
        int capacity = (Math.Max(items, Capacity + (Capacity / 8)) + 63) & ~63;
        var larger = new DenseMatrix(capacity, capacity);
        for (int i = 0; i < Items; i++)
        {
            Row(i).CopyTo(larger.Row(i));
        }

        for (int i = Items; i < capacity; i++)
        {
            larger[i, i] = (float)(1 / _regularization);
        }

        return larger;
    }

    /// <summary>Sets the number of items, with what <see cref="PrepareGrowth"/> gave.</summary>
    public void Grow(int items, DenseMatrix? larger)
    {
        if (larger is not null)
        {
            _matrix.Dispose();
            _matrix = larger;
        }

        if (items > Items)
        {
            int from = Items;
            Items = items;
            Array.Resize(ref _scale, Math.Max(items, Capacity));
            _scale.AsSpan(from, items - from).Fill((float)-_regularization);
        }
    }

    /// <summary>Computes the step that makes rows of X others. Only reads; null where P is too inexact for it.</summary>
    public StreamingStep? Prepare(ReadOnlySpan<(StreamingRow Before, StreamingRow After)> changes, ComputePool pool) =>
        StreamingStep.Prepare(_matrix, Items, changes, pool);

    /// <summary>Applies a step: P −= TᵀZ.</summary>
    public void Apply(StreamingStep step, ComputePool pool)
    {
        var p = View;
        Gemm.MultiplyLower(-1, step.Projected.Transposed, step.Solved, 1, p, pool, Simd.Best);
        pool.Run((Items + Mirror.Block - 1) / Mirror.Block, (_, part) => Mirror.LowerToUpper(p.Pointer, p.RowStride, Items, part, 1));
        GC.KeepAlive(_matrix);
        RefreshScale();
    }

    /// <summary>Another of the same, with the same room.</summary>
    public StreamingInverse Copy(ComputePool pool)
    {
        var copy = new StreamingInverse(new DenseMatrix(Capacity, Capacity), _regularization);
        copy.CopyFrom(this, pool);
        return copy;
    }

    /// <summary>Becomes equal to one with the same room.</summary>
    public void CopyFrom(StreamingInverse other, ComputePool pool)
    {
        const int Rows = 64;
        Items = other.Items;
        pool.Run((Capacity + Rows - 1) / Rows, (_, part) =>
        {
            for (int i = part * Rows; i < Math.Min(Capacity, (part + 1) * Rows); i++)
            {
                other._matrix.Row(i).CopyTo(_matrix.Row(i));
            }
        });
        _scale = [.. other._scale];
    }

    /// <summary>Whether every diagonal element is a positive number, as those of an inverse of G are.</summary>
    public bool IsSound()
    {
        for (int i = 0; i < Items; i++)
        {
            if (!(_scale[i] < 0) || !float.IsFinite(_scale[i]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// s_j = −(Σ_{i ≠ j} x_i P_ij) / P_jj for the first <paramref name="scores"/>.Length items; 0 for those beyond n.
    /// </summary>
    public void Score(ReadOnlySpan<int> items, ReadOnlySpan<float> weights, Span<float> scores)
    {
        int known = items.Length;
        while (known > 0 && items[known - 1] >= Items)
        {
            known--; // items without interactions: their row of B is zero
        }

        items = items[..known];
        weights = weights.IsEmpty ? weights : weights[..known];
        var sums = System.Buffers.ArrayPool<float>.Shared.Rent(Capacity);
        RowSumScorer.Score(_matrix, items, weights, sums.AsSpan(0, Capacity));
        int count = Math.Min(scores.Length, Items);
        sums.AsSpan(0, count).CopyTo(scores);
        VectorMath.Multiply(scores[..count], _scale.AsSpan(0, count));
        scores[count..].Clear();
        for (int e = 0; e < items.Length && items[e] < count; e++)
        {
            // The item's own term, x_j P_jj / P_jj.
            scores[items[e]] += weights.IsEmpty ? 1 : weights[e];
        }

        System.Buffers.ArrayPool<float>.Shared.Return(sums);
    }

    /// <summary>P z.</summary>
    public double[] Multiply(ReadOnlySpan<double> z)
    {
        var product = new double[Items];
        for (int i = 0; i < Items; i++)
        {
            var row = Row(i);
            double sum = 0;
            for (int j = 0; j < row.Length; j++)
            {
                sum += row[j] * z[j];
            }

            product[i] = sum;
        }

        return product;
    }

    public void Dispose() => _matrix.Dispose();

    private void RefreshScale()
    {
        for (int i = 0; i < Items; i++)
        {
            _scale[i] = -1f / _matrix[i, i];
        }
    }
}
