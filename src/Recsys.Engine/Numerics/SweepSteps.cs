using System.Runtime.CompilerServices;

namespace Recsys.Engine.Numerics;

/// <summary>
/// The pieces a step of the symmetric block sweep is made of (see <see cref="SymmetricSweep{TKernel}"/>), each on one block of
/// the matrix wherever it lies. Every inverse is made of these calls with these block sizes, whether the matrix is in one
/// piece or spread over machines: that is why the bits agree. Squares are block × block floats, rows one block apart.
/// </summary>
internal static unsafe class SweepSteps<TKernel>
    where TKernel : struct, IGemmKernel
{
    /// <summary>Packs L⁻¹ of a pivot block of k rows as left operand, and its transpose likewise.</summary>
    public static void PackPivot(float* inverse, int block, int k, float* forward, float* backward)
    {
        Packing.PackColumns(inverse, block, k, k, TKernel.Mr, 1, forward);
        Packing.PackRows(inverse, block, k, k, TKernel.Mr, 1, backward);
    }

    /// <summary>The swept pivot block −L⁻ᵀ·L⁻¹, its lower triangle.</summary>
    /// <param name="block">Rows of a square.</param>
    /// <param name="k">Rows of the pivot block.</param>
    /// <param name="inverse">L⁻¹.</param>
    /// <param name="backward">Its packed transpose.</param>
    /// <param name="packed">Scratch, a square.</param>
    /// <param name="product">Scratch, a square.</param>
    /// <param name="cell">The block of the matrix.</param>
    /// <param name="ld">Floats from one of its rows to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SweepPivot(int block, int k, float* inverse, float* backward, float* packed, float* product, float* cell, nint ld)
    {
        Packing.PackRows(inverse, block, k, k, TKernel.Nr, 1, packed);
        MultiplyBackward(block, k, k, backward, packed, product);
        for (int row = 0; row < k; row++)
        {
            float* to = cell + (row * ld);
            for (int column = 0; column <= row; column++)
            {
                to[column] = -product[((nint)row * block) + column];
            }
        }
    }

    /// <summary>Yᵀ = L⁻¹·Vᵀ, k × rows, of one block V of the panel.</summary>
    /// <param name="block">Rows of a square.</param>
    /// <param name="k">Rows of the pivot block.</param>
    /// <param name="rows">Rows of V.</param>
    /// <param name="lies">Whether the block holds Vᵀ (k × rows): it does left of the pivot, where its mirror image is stored.</param>
    /// <param name="cell">The block of the matrix.</param>
    /// <param name="ld">Floats from one of its rows to the next.</param>
    /// <param name="forward">L⁻¹, packed.</param>
    /// <param name="packed">Scratch, a square.</param>
    /// <param name="y">Receives Yᵀ.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Forward(int block, int k, int rows, bool lies, float* cell, nint ld, float* forward, float* packed, float* y)
    {
        if (lies)
        {
            Packing.PackRows(cell, ld, rows, k, TKernel.Nr, 1, packed);
        }
        else
        {
            Packing.PackColumns(cell, ld, rows, k, TKernel.Nr, 1, packed);
        }

        // Rows of L⁻¹ end at the diagonal.
        for (int column = 0; column < rows; column += TKernel.Nr)
        {
            for (int row = 0; row < k; row += TKernel.Mr)
            {
                int length = Math.Min(k, row + TKernel.Mr);
                TKernel.Multiply(
                    length, forward + ((nint)row * k), packed + ((nint)column * k), y + ((nint)row * block) + column, block, false);
            }
        }
    }

    /// <summary>Packs a Yᵀ as −Y, the left operand of the update.</summary>
    public static void PackLeft(float* y, int block, int rows, int k, float* panel) =>
        Packing.PackRows(y, block, rows, k, TKernel.Mr, -1, panel);

    /// <summary>Packs a Yᵀ as right operand.</summary>
    public static void PackRight(float* y, int block, int rows, int k, float* panel) =>
        Packing.PackRows(y, block, rows, k, TKernel.Nr, 1, panel);

    /// <summary>Replaces V by Y·L⁻¹.</summary>
    /// <param name="block">Rows of a square.</param>
    /// <param name="k">Rows of the pivot block.</param>
    /// <param name="rows">Rows of V.</param>
    /// <param name="lies">See <see cref="Forward"/>.</param>
    /// <param name="right">Yᵀ as right operand.</param>
    /// <param name="backward">The packed transpose of L⁻¹.</param>
    /// <param name="product">Scratch, a square.</param>
    /// <param name="cell">The block of the matrix.</param>
    /// <param name="ld">Floats from one of its rows to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Backward(int block, int k, int rows, bool lies, float* right, float* backward, float* product, float* cell, nint ld)
    {
        MultiplyBackward(block, rows, k, backward, right, product);
        if (lies)
        {
            for (int row = 0; row < k; row++)
            {
                new ReadOnlySpan<float>(product + ((nint)row * block), rows).CopyTo(new Span<float>(cell + (row * ld), rows));
            }
        }
        else
        {
            Packing.Transpose(product, block, k, rows, cell, ld);
        }
    }

    /// <summary>A_ij −= Y_i·Y_jᵀ; of a block on the diagonal the lower triangle alone.</summary>
    public static void Update(bool diagonal, int rows, int columns, int k, float* left, float* right, float* cell, nint ld)
    {
        if (diagonal)
        {
            BlockProduct<TKernel>.MultiplyLower(rows, rows, 0, k, left, right, cell, ld, true);
        }
        else
        {
            BlockProduct<TKernel>.Multiply(rows, columns, k, left, right, cell, ld, true);
        }
    }

    // L⁻ᵀ times a packed panel; rows of L⁻ᵀ begin at the diagonal.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyBackward(int block, int columns, int k, float* backward, float* panel, float* product)
    {
        for (int column = 0; column < columns; column += TKernel.Nr)
        {
            for (int row = 0; row < k; row += TKernel.Mr)
            {
                float* a = backward + ((nint)row * k) + (row * TKernel.Mr);
                float* b = panel + ((nint)column * k) + (row * TKernel.Nr);
                TKernel.Multiply(k - row, a, b, product + ((nint)row * block) + column, block, false);
            }
        }
    }
}
