using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Evaluation;

namespace Recsys.Engine.Tuning;

/// <summary>What a search learns from, and what it chooses on.</summary>
/// <param name="Train">Data to train on.</param>
/// <param name="FoldIn">Histories of the users to choose on; null where they are users of <paramref name="Train"/>.</param>
/// <param name="HeldOut">What is to be found for them.</param>
public sealed record TuningData(Dataset Train, Dataset? FoldIn, Dataset HeldOut)
{
    /// <summary>
    /// Holds out a share of the data by a seeded split: of every user's items (weak), or of those of a tenth of the users
    /// (strong).
    /// </summary>
    /// <param name="data">All there is.</param>
    /// <param name="strong">Whether users are held out.</param>
    /// <param name="share">Of a user's n items ⌊share · n⌋ are held out.</param>
    /// <param name="seed">What falls where depends on it and the ids alone.</param>
    /// <exception cref="InvalidOptionException">The share is out of its range, or nothing is held out.</exception>
    public static TuningData Split(Dataset data, bool strong, double share, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(data);
        var split = Splitter.Split(data.ToLog(), new SplitOptions
        {
            Strategy = strong ? SplitStrategy.Strong : SplitStrategy.Weak,
            ValidationUsers = 0,
            TestFraction = strong ? 0 : share,
            HeldOutFraction = share,
            Seed = seed,
        });
        var train = split.Train with { Name = data.Name };
        var test = split.Test;
        return test.HeldOut.Count == 0
            ? throw new InvalidOptionException($"no user has enough items that a share of {share} of them could be held out")
            : new TuningData(
                train,
                strong ? new Dataset(test.Users, train.Items, test.FoldIn) : null,
                new Dataset(test.Users, train.Items, test.HeldOut));
    }

    /// <summary>The same with at most <paramref name="most"/> users to choose on: those whose seeded hash is lowest.</summary>
    public TuningData Sample(int most, ulong seed)
    {
        int[] users = [.. Enumerable.Range(0, HeldOut.Users.Count).Where(u => HeldOut.Interactions.RowLength(u) > 0)];
        if (users.Length <= most)
        {
            return this;
        }

        ulong[] keys = Array.ConvertAll(users, u => IdBytes.StableHash(seed, HeldOut.Users.Utf8(u)));
        Array.Sort(keys, users);
        users = [.. users[..most].Order()];
        var kept = new bool[HeldOut.Users.Count];
        Array.ForEach(users, u => kept[u] = true);
        return this with { HeldOut = HeldOut with { Interactions = Rows(HeldOut.Interactions, kept) } };
    }

    /// <summary>
    /// The same with the <paramref name="items"/> most popular items to train on (equal ones in the order of the data). What
    /// is held out stays: other items count as missed.
    /// </summary>
    public TuningData MostPopular(int items)
    {
        var matrix = Train.Interactions;
        if (items >= matrix.Columns)
        {
            return this;
        }

        var counts = new int[matrix.Columns];
        foreach (int column in matrix.AllColumns)
        {
            counts[column]++;
        }

        int[] chosen = [.. Enumerable.Range(0, counts.Length).OrderByDescending(i => counts[i]).ThenBy(i => i).Take(items).Order()];
        var to = new int[counts.Length];
        Array.Fill(to, -1);
        var ids = new IdTable();
        for (int i = 0; i < chosen.Length; i++)
        {
            to[chosen[i]] = i;
            ids.GetOrAdd(Train.Items.Utf8(chosen[i]));
        }

        return this with { Train = Train with { Items = ids, Interactions = Columns(matrix, to, items) } };
    }

    /// <summary>Everything, the part to choose on included: to train the chosen model on.</summary>
    public Dataset All()
    {
        var users = new IdTable();
        var items = new IdTable();
        Dataset[] parts = FoldIn is null ? [Train, HeldOut] : [Train, FoldIn, HeldOut];
        long count = parts.Sum(p => p.Interactions.Count);
        var userColumn = new int[count];
        var itemColumn = new int[count];
        float[]? weights = parts.Any(p => p.Interactions.HasValues) ? new float[count] : null;
        int at = 0;
        foreach (var part in parts)
        {
            for (int u = 0; u < part.Users.Count; u++)
            {
                int user = users.GetOrAdd(part.Users.Utf8(u));
                var row = part.Interactions.Row(u);
                for (int e = 0; e < row.Length; e++, at++)
                {
                    userColumn[at] = user;
                    itemColumn[at] = items.GetOrAdd(part.Items.Utf8(row[e]));
                    if (weights is not null)
                    {
                        weights[at] = part.Interactions.HasValues ? part.Interactions.RowValues(u)[e] : 1;
                    }
                }
            }
        }

        return new InteractionLog(users, items, userColumn, itemColumn, weights) { Name = Train.Name }.ToDataset(DuplicatePolicy.Max);
    }

    /// <summary>The examination of a model trained on <see cref="Train"/>.</summary>
    internal EvaluationTask Task() => FoldIn is null
        ? EvaluationTask.Weak(Train.Users, Train.Items, HeldOut)
        : EvaluationTask.Strong(Train.Items, FoldIn, HeldOut);

    private static SparseMatrix Rows(SparseMatrix matrix, bool[] kept) =>
        Filter(matrix, matrix.Columns, (row, column) => kept[row] ? column : -1);

    private static SparseMatrix Columns(SparseMatrix matrix, int[] to, int columns) => Filter(matrix, columns, (_, column) => to[column]);

    /// <summary>The elements whose new column is not negative; new columns keep the order of the old ones.</summary>
    private static SparseMatrix Filter(SparseMatrix matrix, int columns, Func<int, int, int> place)
    {
        var offsets = new long[matrix.Rows + 1];
        var kept = new List<int>();
        var values = matrix.HasValues ? new List<float>() : null;
        for (int r = 0; r < matrix.Rows; r++)
        {
            var row = matrix.Row(r);
            for (int e = 0; e < row.Length; e++)
            {
                if (place(r, row[e]) is >= 0 and int column)
                {
                    kept.Add(column);
                    values?.Add(matrix.RowValues(r)[e]);
                }
            }

            offsets[r + 1] = kept.Count;
        }

        return new SparseMatrix(matrix.Rows, columns, offsets, [.. kept], values?.ToArray());
    }
}
