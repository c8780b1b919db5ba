namespace Recsys.Engine.Numerics;

/// <summary>
/// The innermost piece of every dense product: one tile of C from one sliver of A and one of B, both packed.
/// Implementations are empty structs, so that drivers generic over them are compiled once for each with the tile
/// sizes as constants.
/// </summary>
internal unsafe interface IGemmKernel
{
    /// <summary>Rows of a tile; a sliver of A holds this many values for each k. A multiple of 4.</summary>
    static abstract int Mr { get; }

    /// <summary>Columns of a tile; a sliver of B holds this many values for each k. A multiple of 4.</summary>
    static abstract int Nr { get; }

    /// <summary>The pivot block of the small inverse, a multiple of both tile sizes.</summary>
    static abstract int SmallBlock { get; }

    /// <summary>
    /// C = A·B, or C += A·B where <paramref name="accumulate"/>, for one full tile.
    /// </summary>
    /// <param name="k">Length of the sum.</param>
    /// <param name="a">Sliver of A: value (row, k) at k·Mr + row.</param>
    /// <param name="b">Sliver of B: value (k, column) at k·Nr + column.</param>
    /// <param name="c">First element of the tile of C, no alignment needed.</param>
    /// <param name="ldc">Floats from one row of C to the next.</param>
    /// <param name="accumulate">Whether to add to what C holds.</param>
    static abstract void Multiply(nint k, float* a, float* b, float* c, nint ldc, bool accumulate);
}
