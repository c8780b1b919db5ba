using Recsys.Engine.Compute;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Slim;

/// <summary>A Gram matrix in full. Does not own the matrix.</summary>
internal sealed class DenseGramRows : IGramRows
{
    private readonly DenseMatrix _gram;
    private readonly float[] _diagonal;

    /// <summary>Wraps <paramref name="gram"/>, whose lower triangle is given; the upper one is filled in.</summary>
    public unsafe DenseGramRows(DenseMatrix gram, ComputePool pool)
    {
        _gram = gram;
        _diagonal = new float[gram.Rows];
        pool.Run(
            (gram.Rows + Mirror.Block - 1) / Mirror.Block,
            (_, part) => Mirror.LowerToUpper(gram.Pointer, gram.Stride, gram.Rows, part, 1));
        for (int i = 0; i < _diagonal.Length; i++)
        {
            _diagonal[i] = gram[i, i];
        }
    }

    /// <inheritdoc/>
    public int Count => _gram.Rows;

    /// <inheritdoc/>
    public ReadOnlySpan<float> Diagonal => _diagonal;

    /// <inheritdoc/>
    public void Read(int row, Span<float> values) => _gram.Row(row).CopyTo(values);

    /// <inheritdoc/>
    public void Gather(int row, ReadOnlySpan<int> columns, ReadOnlySpan<int> places, Span<float> values)
    {
        var source = _gram.Row(row);
        for (int c = 0; c < columns.Length; c++)
        {
            values[c] = source[columns[c]];
        }
    }
}
