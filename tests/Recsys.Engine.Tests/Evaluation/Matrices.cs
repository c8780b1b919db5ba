using Recsys.Engine.Data;

namespace Recsys.Engine.Tests.Evaluation;

internal static class Matrices
{
    /// <summary>A matrix without values from the columns of each row, in any order.</summary>
    public static SparseMatrix Of(int columns, params int[][] rows)
    {
        var offsets = new long[rows.Length + 1];
        for (int r = 0; r < rows.Length; r++)
        {
            offsets[r + 1] = offsets[r] + rows[r].Length;
        }

        return new SparseMatrix(rows.Length, columns, offsets, [.. rows.SelectMany(row => row.Order())]);
    }

    /// <summary>A random subset of [0, count), each with the given probability.</summary>
    public static int[] Subset(Random random, int count, double probability) =>
        [.. Enumerable.Range(0, count).Where(_ => random.NextDouble() < probability)];
}
