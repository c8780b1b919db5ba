using MathNet.Numerics.LinearAlgebra;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Data.Synthetic;

namespace Recsys.Engine.Tests.Ease;

internal static class EaseTestData
{
    /// <summary>A few hundred readers and items with planted structure.</summary>
    public static Dataset Bookshop(int users = 400, int items = 120) =>
        SyntheticCatalogue.Create(new SyntheticOptions { Users = users, Items = items, MedianHistory = 12, Seed = 7 }).Data;

    /// <summary>A data set of the given pairs, ids being the numbers.</summary>
    public static Dataset FromDense(double[,] weights)
    {
        int users = weights.GetLength(0), items = weights.GetLength(1);
        var offsets = new long[users + 1];
        var columns = new List<int>();
        var values = new List<float>();
        for (int u = 0; u < users; u++)
        {
            for (int i = 0; i < items; i++)
            {
                if (weights[u, i] != 0)
                {
                    columns.Add(i);
                    values.Add((float)weights[u, i]);
                }
            }

            offsets[u + 1] = columns.Count;
        }

        var matrix = new SparseMatrix(users, items, offsets, [.. columns], [.. values]);
        return new Dataset(IdTable.Sequential(users), IdTable.Sequential(items), matrix);
    }

    /// <summary>The same pattern with weights 1, 2 or 3.</summary>
    public static Dataset Weighted(Dataset data)
    {
        var random = new SplitMix64(5);
        var x = data.Interactions;
        var values = new float[x.Count];
        for (int e = 0; e < values.Length; e++)
        {
            values[e] = 1 + random.NextInt(3);
        }

        return data with { Interactions = new SparseMatrix(x.Rows, x.Columns, x.Offsets.ToArray(), x.AllColumns.ToArray(), values) };
    }

    public static Matrix<double> ToMatrix(SparseMatrix x)
    {
        var dense = Matrix<double>.Build.Dense(x.Rows, x.Columns);
        for (int u = 0; u < x.Rows; u++)
        {
            var row = x.Row(u);
            var values = x.RowValues(u);
            for (int e = 0; e < row.Length; e++)
            {
                dense[u, row[e]] = values.IsEmpty ? 1 : values[e];
            }
        }

        return dense;
    }

    /// <summary>B by MathNet in double precision.</summary>
    public static Matrix<double> OracleWeights(SparseMatrix x, double lambda)
    {
        var dense = ToMatrix(x);
        var gram = dense.TransposeThisAndMultiply(dense) + (Matrix<double>.Build.DenseIdentity(x.Columns) * lambda);
        var p = gram.Inverse();
        return Matrix<double>.Build.Dense(x.Columns, x.Columns, (i, j) => i == j ? 0 : -p[i, j] / p[j, j]);
    }
}
