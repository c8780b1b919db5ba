namespace Recsys.Engine.Data;

/// <summary>
/// Builds the compressed rows of an interaction log by two counting sorts, by item and then by user: rows come out
/// with ascending columns, and the interactions of one pair in the log's order.
/// </summary>
internal static class MatrixBuilder
{
    public static SparseMatrix Build(InteractionLog log, DuplicatePolicy duplicates, bool binary, out long merged)
    {
        int rows = log.UserIds.Count;
        int columnCount = log.ItemIds.Count;
        var offsets = CountInto(log.Users, rows);
        if (binary || !log.HasWeights)
        {
            bool counting = !binary && duplicates == DuplicatePolicy.Sum;
            int[] columns = SortPattern(log, offsets, columnCount);
            merged = MergePattern(offsets, ref columns, counting, out float[]? counts);
            return new SparseMatrix(rows, columnCount, offsets, columns, counts);
        }
        else
        {
            int[] order = SortOrder(log, offsets, columnCount, duplicates == DuplicatePolicy.Last && log.HasTimes);
            merged = MergeWeights(log, offsets, order, duplicates, out int[] columns, out float[]? weights);
            return new SparseMatrix(rows, columnCount, offsets, columns, weights);
        }
    }

    /// <summary>The interactions by user, item, time where there are times, and place in the log.</summary>
    public static int[] OrderByPair(InteractionLog log) =>
        SortOrder(log, CountInto(log.Users, log.UserIds.Count), log.ItemIds.Count, log.HasTimes);

    public static double Combine(DuplicatePolicy duplicates, double weight, double next) => duplicates switch
    {
        DuplicatePolicy.Sum => weight + next,
        DuplicatePolicy.Max => Math.Max(weight, next),
        _ => next,
    };

    /// <summary>A merged weight as a float, if it is one.</summary>
    public static float ToWeight(double weight, InteractionLog log, int place)
    {
        float value = (float)weight;
        return float.IsFinite(value)
            ? value
            : throw new RecsysException(
                $"the weights of user '{log.UserIds[log.Users[place]]}' and item '{log.ItemIds[log.Items[place]]}' add up to "
                + $"{weight:G6}, too much for a number");
    }

    private static long[] CountInto(ReadOnlySpan<int> keys, int buckets)
    {
        var counts = new int[buckets];
        foreach (int key in keys)
        {
            counts[key]++;
        }

        var offsets = new long[buckets + 1];
        for (int b = 0; b < buckets; b++)
        {
            offsets[b + 1] = offsets[b] + counts[b];
        }

        return offsets;
    }

    private static int[] Starts(long[] offsets)
    {
        var starts = new int[offsets.Length - 1];
        for (int b = 0; b < starts.Length; b++)
        {
            starts[b] = (int)offsets[b];
        }

        return starts;
    }

    /// <summary>The items of each user, ascending, duplicates included.</summary>
    private static int[] SortPattern(InteractionLog log, long[] offsets, int columnCount)
    {
        var byItem = CountInto(log.Items, columnCount);
        int[] next = Starts(byItem);
        var usersByItem = new int[log.Count];
        var users = log.Users;
        var items = log.Items;
        for (int e = 0; e < users.Length; e++)
        {
            usersByItem[next[items[e]]++] = users[e];
        }

        next = Starts(offsets);
        var columns = new int[log.Count];
        for (int i = 0; i < columnCount; i++)
        {
            for (long e = byItem[i]; e < byItem[i + 1]; e++)
            {
                columns[next[usersByItem[e]]++] = i;
            }
        }

        return columns;
    }

    /// <summary>The interactions by user, item, time where <paramref name="byTime"/>, and place in the log.</summary>
    private static int[] SortOrder(InteractionLog log, long[] offsets, int columnCount, bool byTime)
    {
        int[]? inTime = byTime ? OrderByTime(log.Times) : null;
        int[] next = Starts(CountInto(log.Items, columnCount));
        var byItem = new int[log.Count];
        var users = log.Users;
        var items = log.Items;
        for (int e = 0; e < byItem.Length; e++)
        {
            int from = inTime is null ? e : inTime[e];
            byItem[next[items[from]]++] = from;
        }

        next = Starts(offsets);
        var order = new int[log.Count];
        foreach (int from in byItem)
        {
            order[next[users[from]]++] = from;
        }

        return order;
    }

    /// <summary>The interactions by time; those of one time in the log's order.</summary>
    internal static int[] OrderByTime(ReadOnlySpan<long> times)
    {
        var order = new int[times.Length];
        bool sorted = true;
        for (int e = 0; e < order.Length; e++)
        {
            order[e] = e;
            sorted &= e == 0 || times[e] >= times[e - 1];
        }

        if (!sorted)
        {
            var keys = new (long Time, int Place)[times.Length];
            for (int e = 0; e < keys.Length; e++)
            {
                keys[e] = (times[e], e);
            }

            Array.Sort(keys, order);
        }

        return order;
    }

    /// <summary>Merges equal neighbours; counts them where asked to and where there are any.</summary>
    private static long MergePattern(long[] offsets, ref int[] columns, bool counting, out float[]? counts)
    {
        counts = null;
        long merged = 0;
        for (int r = 0; r + 1 < offsets.Length; r++)
        {
            for (long e = offsets[r] + 1; e < offsets[r + 1]; e++)
            {
                merged += columns[e] == columns[e - 1] ? 1 : 0;
            }
        }

        if (merged == 0)
        {
            return 0;
        }

        var distinct = new int[columns.Length - merged];
        counts = counting ? new float[distinct.Length] : null;
        int to = 0;
        long from = 0;
        for (int r = 0; r + 1 < offsets.Length; r++)
        {
            long end = offsets[r + 1];
            while (from < end)
            {
                long first = from;
                int column = columns[from];
                while (++from < end && columns[from] == column)
                {
                }

                if (counts is not null)
                {
                    counts[to] = from - first;
                }

                distinct[to++] = column;
            }

            offsets[r + 1] = to;
        }

        columns = distinct;
        return merged;
    }

    private static long MergeWeights(
        InteractionLog log, long[] offsets, int[] order, DuplicatePolicy duplicates, out int[] columns, out float[]? weights)
    {
        var items = log.Items;
        var given = log.Weights;
        columns = new int[order.Length];
        weights = new float[order.Length];
        bool ones = true;
        long merged = 0;
        int to = 0;
        long from = 0;
        for (int r = 0; r + 1 < offsets.Length; r++)
        {
            long end = offsets[r + 1];
            while (from < end)
            {
                int item = items[order[from]];
                double weight = given.IsEmpty ? 1 : given[order[from]];
                long first = from;
                for (from++; from < end && items[order[from]] == item; from++)
                {
                    double other = given.IsEmpty ? 1 : given[order[from]];
                    weight = Combine(duplicates, weight, other);
                }

                merged += from - first - 1;
                float value = ToWeight(weight, log, order[first]);
                if (value == 0)
                {
                    continue;
                }

                columns[to] = item;
                weights[to++] = value;
                ones &= value == 1;
            }

            offsets[r + 1] = to;
        }

        if (to < order.Length)
        {
            Array.Resize(ref columns, to);
        }

        if (ones)
        {
            weights = null;
        }
        else if (to < order.Length)
        {
            Array.Resize(ref weights, to);
        }

        return merged;
    }
}
