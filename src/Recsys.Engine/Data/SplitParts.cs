namespace Recsys.Engine.Data;

/// <summary>Makes data sets of the parts of a split.</summary>
internal static class SplitParts
{
    public static (Dataset Train, HeldOutPart? Validation, HeldOutPart Test) Build(SplitOptions options, InteractionLog log, SplitPart[] parts)
    {
        // Ids in the order of the training part, as a reader of its file would number them.
        bool strong = options.Strategy == SplitStrategy.Strong;
        var users = new Numbering(log.UserIds);
        var items = new Numbering(log.ItemIds);
        for (int e = 0; e < parts.Length; e++)
        {
            if (parts[e] == SplitPart.Train)
            {
                users.Add(log.Users[e]);
                items.Add(log.Items[e]);
            }
        }

        for (int e = 0; e < parts.Length; e++)
        {
            if (parts[e] is not (SplitPart.Train or SplitPart.ColdItem or SplitPart.Repeat or SplitPart.SmallUser))
            {
                items.Add(log.Items[e]);
                if (!strong)
                {
                    users.Add(log.Users[e]);
                }
            }
        }

        var train = new Dataset(users.Ids, items.Ids, Matrix(p => p == SplitPart.Train, users)) { Name = log.Name };
        if (strong)
        {
            var validation = StrongPart(SplitPart.ValidationFoldIn, SplitPart.ValidationHeldOut);
            return (train, validation.Users.Count == 0 ? null : validation, StrongPart(SplitPart.TestFoldIn, SplitPart.TestHeldOut));
        }

        // The test's users may have had the items of the validation part: those are known by then, and not to be returned.
        bool validated = Array.IndexOf(parts, SplitPart.ValidationHeldOut) >= 0;
        var validationPart = validated
            ? new HeldOutPart(users.Ids, train.Interactions, Matrix(p => p == SplitPart.ValidationHeldOut, users))
            : null;
        var known = validated ? Matrix(p => p is SplitPart.Train or SplitPart.ValidationHeldOut, users) : train.Interactions;
        return (train, validationPart, new HeldOutPart(users.Ids, known, Matrix(p => p == SplitPart.TestHeldOut, users)));

        HeldOutPart StrongPart(SplitPart foldIn, SplitPart heldOut)
        {
            var own = new Numbering(log.UserIds);
            for (int e = 0; e < parts.Length; e++)
            {
                if (parts[e] == foldIn || parts[e] == heldOut)
                {
                    own.Add(log.Users[e]);
                }
            }

            return new HeldOutPart(own.Ids, Matrix(p => p == foldIn, own), Matrix(p => p == heldOut, own));
        }

        SparseMatrix Matrix(Func<SplitPart, bool> wanted, Numbering rows)
        {
            int[] places = [.. Enumerable.Range(0, parts.Length).Where(e => wanted(parts[e]))];
            var part = new InteractionLog(
                rows.Ids,
                items.Ids,
                Array.ConvertAll(places, e => rows.IndexOf(log.Users[e])),
                Array.ConvertAll(places, e => items.IndexOf(log.Items[e])),
                log.HasWeights ? Array.ConvertAll(places, e => log.Weights[e]) : null,
                log.HasTimes ? Array.ConvertAll(places, e => log.Times[e]) : null);
            return part.ToDataset(options.Duplicates).Interactions;
        }
    }

    /// <summary>A part of a table, numbered anew in the order of adding.</summary>
    private sealed class Numbering(IdTable from)
    {
        private readonly int[] _indices = new int[from.Count];

        public IdTable Ids { get; } = new();

        public void Add(int old)
        {
            if (_indices[old] == 0)
            {
                _indices[old] = Ids.GetOrAdd(from.Utf8(old)) + 1;
            }
        }

        public int IndexOf(int old) => _indices[old] - 1;
    }
}
