namespace Recsys.Engine.Slim;

/// <summary>Rows of a symmetric matrix G = XᵀX, however it is kept. Safe for concurrent readers.</summary>
internal interface IGramRows
{
    /// <summary>Number of rows.</summary>
    int Count { get; }

    /// <summary>G_ii of every row.</summary>
    ReadOnlySpan<float> Diagonal { get; }

    /// <summary>A whole row, zeros included.</summary>
    void Read(int row, Span<float> values);

    /// <summary>
    /// Some elements of a row.
    /// </summary>
    /// <param name="row">The row.</param>
    /// <param name="columns">The columns wanted, ascending.</param>
    /// <param name="places">For each column of G its index in <paramref name="columns"/>, or columns.Length where it is not wanted.</param>
    /// <param name="values">Receives the elements; one place longer than <paramref name="columns"/>, the last of no meaning.</param>
    void Gather(int row, ReadOnlySpan<int> columns, ReadOnlySpan<int> places, Span<float> values);
}
