using Recsys.Engine.Numerics;

namespace Recsys.Benchmarks.Kernels;

/// <summary>Inputs of the dense benchmarks.</summary>
internal static class Matrices
{
    /// <summary>Values in [-0.5, 0.5).</summary>
    public static DenseMatrix Random(int rows, int columns, uint seed = 7)
    {
        var matrix = new DenseMatrix(rows, columns);
        Parallel.For(0, rows, row =>
        {
            uint x = ((uint)row * 2654435761u) + seed;
            foreach (ref float value in matrix.Row(row))
            {
                x = (x * 1664525) + 1013904223;
                value = (x * (1f / 4294967296f)) - 0.5f;
            }
        });
        return matrix;
    }

    /// <summary>Symmetric, diagonally dominant.</summary>
    public static DenseMatrix PositiveDefinite(int n)
    {
        var matrix = Random(n, n);
        Parallel.For(0, n, row =>
        {
            for (int column = 0; column < row; column++)
            {
                matrix[column, row] = matrix[row, column];
            }

            matrix[row, row] = n;
        });
        return matrix;
    }

    /// <summary>Copies by all threads.</summary>
    public static void Copy(DenseMatrix source, DenseMatrix target) =>
        Parallel.For(0, source.Rows, row => source.Row(row).CopyTo(target.Row(row)));
}
