using System.Runtime.CompilerServices;
using Recsys.Engine.Data;

namespace Recsys.Engine.Models;

/// <summary>The size of a data set in the few numbers that default options are derived from.</summary>
/// <param name="Users">Users with an interaction.</param>
/// <param name="Items">Items with an interaction.</param>
/// <param name="Interactions">Pairs with an interaction.</param>
/// <param name="MeanWeight">Mean magnitude of an interaction's weight, 1 where there are no weights.</param>
/// <param name="MeanSquare">Mean square of it.</param>
public sealed record DataShape(int Users, int Items, long Interactions, double MeanWeight = 1, double MeanSquare = 1)
{
    private static readonly ConditionalWeakTable<SparseMatrix, DataShape> Measured = [];

    /// <summary>Share of the pairs that have an interaction.</summary>
    public double Density => Interactions / ((double)Users * Items);

    /// <summary>
    /// √(interactions a user) + √(interactions an item): the largest singular value that a matrix of this size has from
    /// chance alone (Bai and Yin 1993). What a model is to learn stands out of it, what is below is mostly noise; so
    /// regularization is measured in it.
    /// </summary>
    public double NoiseLevel => Math.Sqrt(Interactions / (double)Users) + Math.Sqrt(Interactions / (double)Items);

    /// <summary>The shape of a data set.</summary>
    /// <exception cref="RecsysException">It has no interaction.</exception>
    public static DataShape Of(Dataset data)
    {
        ArgumentNullException.ThrowIfNull(data);
        return Measured.GetValue(data.Interactions, Measure);
    }

    private static DataShape Measure(SparseMatrix matrix)
    {
        if (matrix.Count == 0)
        {
            throw new RecsysException("the data has no interaction to derive options from");
        }

        int users = 0;
        for (int u = 0; u < matrix.Rows; u++)
        {
            users += matrix.RowLength(u) > 0 ? 1 : 0;
        }

        var known = new bool[matrix.Columns];
        int items = 0;
        foreach (int item in matrix.AllColumns)
        {
            items += known[item] ? 0 : 1;
            known[item] = true;
        }

        double sum = 0, squares = 0;
        foreach (float value in matrix.AllValues)
        {
            sum += Math.Abs(value);
            squares += (double)value * value;
        }

        return matrix.HasValues && squares > 0
            ? new DataShape(users, items, matrix.Count, sum / matrix.Count, squares / matrix.Count)
            : new DataShape(users, items, matrix.Count);
    }
}
