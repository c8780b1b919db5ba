using Recsys.Engine.Data;

namespace Recsys.Engine.Ease;

/// <summary>A user's row of X at one moment: items ascending, with weights that are not 0. Never written.</summary>
internal sealed class StreamingRow(int[] items, float[] weights)
{
    public static StreamingRow Empty { get; } = new([], []);

    public int[] Items { get; } = items;

    public float[] Weights { get; } = weights;

    /// <summary>The row of a matrix.</summary>
    public static StreamingRow Of(SparseMatrix matrix, int row) => Of(matrix.Row(row), matrix.RowValues(row));

    /// <summary>A copy of a history without its zeros.</summary>
    /// <param name="items">Strictly ascending.</param>
    /// <param name="weights">Finite; empty where all are 1.</param>
    public static StreamingRow Of(ReadOnlySpan<int> items, ReadOnlySpan<float> weights)
    {
        if (!weights.IsEmpty && weights.Length != items.Length)
        {
            throw new RecsysException($"a history of {items.Length} items has {weights.Length} weights");
        }

        int count = 0;
        int previous = -1;
        for (int e = 0; e < items.Length; e++)
        {
            if (items[e] <= previous)
            {
                throw new RecsysException($"a history has item {items[e]} after {previous}: items ascend");
            }

            float weight = weights.IsEmpty ? 1 : weights[e];
            if (!float.IsFinite(weight))
            {
                throw new RecsysException($"a history has weight {weight} for item {items[e]}");
            }

            previous = items[e];
            count += weight != 0 ? 1 : 0;
        }

        if (count == 0)
        {
            return Empty;
        }

        var keptItems = new int[count];
        var keptWeights = new float[count];
        int at = 0;
        for (int e = 0; e < items.Length; e++)
        {
            float weight = weights.IsEmpty ? 1 : weights[e];
            if (weight != 0)
            {
                keptItems[at] = items[e];
                keptWeights[at++] = weight;
            }
        }

        return new StreamingRow(keptItems, keptWeights);
    }

    /// <summary>The row with another weight of one item; 0 takes it out.</summary>
    public StreamingRow With(int item, float weight)
    {
        int at = Array.BinarySearch(Items, item);
        if (at >= 0)
        {
            if (weight == 0)
            {
                return Items.Length == 1 ? Empty : new StreamingRow([.. Items[..at], .. Items[(at + 1)..]], [.. Weights[..at], .. Weights[(at + 1)..]]);
            }

            var weights = (float[])Weights.Clone();
            weights[at] = weight;
            return new StreamingRow(Items, weights);
        }

        return weight == 0
            ? this
            : new StreamingRow([.. Items[..~at], item, .. Items[~at..]], [.. Weights[..~at], weight, .. Weights[~at..]]);
    }

    /// <summary>The weight of an item, 0 where it is not in the row.</summary>
    public float WeightOf(int item)
    {
        int at = Array.BinarySearch(Items, item);
        return at < 0 ? 0 : Weights[at];
    }

    /// <summary>What this row has to be changed by to become <paramref name="other"/>.</summary>
    public StreamingRow ChangeTo(StreamingRow other)
    {
        var items = new List<int>();
        var weights = new List<float>();
        int a = 0, b = 0;
        while (a < Items.Length || b < other.Items.Length)
        {
            int mine = a < Items.Length ? Items[a] : int.MaxValue;
            int theirs = b < other.Items.Length ? other.Items[b] : int.MaxValue;
            float change = (theirs <= mine ? other.Weights[b] : 0) - (mine <= theirs ? Weights[a] : 0);
            if (change != 0)
            {
                items.Add(Math.Min(mine, theirs));
                weights.Add(change);
            }

            a += mine <= theirs ? 1 : 0;
            b += theirs <= mine ? 1 : 0;
        }

        return items.Count == 0 ? Empty : new StreamingRow([.. items], [.. weights]);
    }
}
