namespace Recsys.Engine.Data;

/// <summary>Users, items and their interactions: what a model is trained on.</summary>
/// <param name="Users">Ids of the rows.</param>
/// <param name="Items">Ids of the columns.</param>
/// <param name="Interactions">users × items; a value is the weight f of the pair, 1 where the matrix has none.</param>
public sealed record Dataset(IdTable Users, IdTable Items, SparseMatrix Interactions)
{
    /// <summary>What the data came from, for reports: a file name or a description.</summary>
    public string Name { get; init; } = "";

    /// <summary>Reads a file of interactions; see <see cref="InteractionReader"/>.</summary>
    public static Dataset Load(string path, ReadOptions? options = null, CancellationToken cancellationToken = default) =>
        Load(path, options, null, out _, cancellationToken);

    /// <summary>Reads a file of interactions and merges pairs that stand more than once.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">How to read it; null takes the defaults.</param>
    /// <param name="progress">Told the bytes of the file read so far.</param>
    /// <param name="report">What was read, skipped and merged.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static Dataset Load(
        string path, ReadOptions? options, IProgress<long>? progress, out ReadReport report, CancellationToken cancellationToken = default)
    {
        options ??= ReadOptions.Default;

        // Times are of no use in a matrix, but they say which of two interactions is the last.
        bool needsTimes = options.Duplicates == DuplicatePolicy.Last && !options.Binary;
        var (log, read) = InteractionReader.Read(path, options with { KeepTimes = needsTimes }, progress, cancellationToken);
        var dataset = log.ToDataset(options.Duplicates, options.Binary, out long merged);
        report = read with { Duplicates = merged };
        return dataset;
    }

    /// <summary>
    /// SHA-256 (lower-case hexadecimal) of the ids and interactions: the same for the same data whatever the order of its
    /// lines, its layout or compression; different when an id, a pair or a weight differs.
    /// </summary>
    public string Fingerprint() => DataFingerprint.Compute(Users, Items, Interactions);

    /// <summary>The same, without weights where every pair weighs 1.</summary>
    public Dataset WithoutUnitWeights() => !Interactions.HasValues || Interactions.AllValues.ContainsAnyExcept(1f)
        ? this
        : this with { Interactions = Interactions.Binarized() };

    /// <summary>The same without the pairs of weight 0 and below.</summary>
    public Dataset Likes()
    {
        if (!Interactions.HasValues)
        {
            return this;
        }

        var offsets = new long[Interactions.Rows + 1];
        var columns = new List<int>();
        var values = new List<float>();
        for (int row = 0; row < Interactions.Rows; row++)
        {
            var items = Interactions.Row(row);
            var weights = Interactions.RowValues(row);
            for (int e = 0; e < items.Length; e++)
            {
                if (weights[e] > 0)
                {
                    columns.Add(items[e]);
                    values.Add(weights[e]);
                }
            }

            offsets[row + 1] = columns.Count;
        }

        return this with { Interactions = new SparseMatrix(Interactions.Rows, Interactions.Columns, offsets, [.. columns], [.. values]) };
    }

    /// <summary>The interactions row by row, without times.</summary>
    public InteractionLog ToLog()
    {
        var users = new int[Interactions.Count];
        for (int u = 0; u < Interactions.Rows; u++)
        {
            users.AsSpan((int)Interactions.Offsets[u], Interactions.RowLength(u)).Fill(u);
        }

        float[]? weights = Interactions.HasValues ? Interactions.AllValues.ToArray() : null;
        return new InteractionLog(Users, Items, users, Interactions.AllColumns.ToArray(), weights) { Name = Name };
    }
}
