using Recsys.Engine.Data;
using Recsys.Engine.Models;

namespace Recsys.Engine.Evaluation;

/// <summary>
/// The users a model is examined on. Row r of <see cref="HeldOut"/> is what user r is to be recommended; what the model
/// may know of that user is either row r of <see cref="Histories"/>, folded in (strong generalisation), or the training row
/// of <see cref="ModelUsers"/>[r] (weak). Columns are the model's items. Of the held-out items those with a weight
/// above 0 are to be found; others (a dislike) are not.
/// </summary>
public sealed class EvaluationTask
{
    private readonly int[]? _modelUsers;
    private readonly int[]? _unknown;

    private EvaluationTask(SparseMatrix? histories, int[]? modelUsers, SparseMatrix heldOut, int[]? unknownHeldOut)
    {
        Histories = histories;
        _modelUsers = modelUsers;
        HeldOut = heldOut;
        _unknown = unknownHeldOut;
        if (unknownHeldOut is not null && unknownHeldOut.Length != heldOut.Rows)
        {
            throw new RecsysException($"evaluation: {unknownHeldOut.Length} counts of unknown items for {heldOut.Rows} held-out rows");
        }
    }

    /// <summary>Histories to fold in, or null where the users are the model's own.</summary>
    public SparseMatrix? Histories { get; }

    /// <summary>The model's index of each user; empty where histories are folded in.</summary>
    public ReadOnlySpan<int> ModelUsers => _modelUsers;

    /// <summary>Held-out items, users × the model's items.</summary>
    public SparseMatrix HeldOut { get; }

    /// <summary>Users of held-out data whom the model does not know; they are no rows of this task. For the report.</summary>
    public int UnknownUsers { get; private init; }

    /// <summary>Items of the histories that the model does not know; they were dropped. For the report.</summary>
    public long UnknownHistoryItems { get; private init; }

    /// <summary>Users whose history is folded in: strong generalisation.</summary>
    /// <param name="histories">users × the model's items; weights count for the fold-in.</param>
    /// <param name="heldOut">users × the model's items.</param>
    /// <param name="unknownHeldOut">How many held-out items of each user the model does not know; null: none.</param>
    public static EvaluationTask Strong(SparseMatrix histories, SparseMatrix heldOut, int[]? unknownHeldOut = null) =>
        histories.Rows == heldOut.Rows
            ? new EvaluationTask(histories, null, heldOut, unknownHeldOut)
            : throw new RecsysException($"evaluation: {histories.Rows} histories for {heldOut.Rows} held-out rows");

    /// <summary>Users the model was trained on: weak generalisation.</summary>
    /// <param name="modelUsers">The model's index of the user of each row.</param>
    /// <param name="heldOut">users × the model's items.</param>
    /// <param name="unknownHeldOut">How many held-out items of each user the model does not know; null: none.</param>
    public static EvaluationTask Weak(int[] modelUsers, SparseMatrix heldOut, int[]? unknownHeldOut = null) =>
        modelUsers.Length == heldOut.Rows
            ? new EvaluationTask(null, modelUsers, heldOut, unknownHeldOut)
            : throw new RecsysException($"evaluation: {modelUsers.Length} model users for {heldOut.Rows} held-out rows");

    /// <summary>
    /// Strong generalisation from data sets with ids: the users are those of <paramref name="heldOut"/>, in its order; a
    /// user without a row in <paramref name="foldIn"/> has an empty history.
    /// </summary>
    public static EvaluationTask Strong(IRecommenderModel model, Dataset foldIn, Dataset heldOut) => Strong(model.Items, foldIn, heldOut);

    /// <summary>
    /// Weak generalisation from a data set with ids: the users of <paramref name="heldOut"/> that the model was trained
    /// on, in its order; the others are counted in <see cref="UnknownUsers"/>.
    /// </summary>
    public static EvaluationTask Weak(IRecommenderModel model, Dataset heldOut) => Weak(model.Users, model.Items, heldOut);

    /// <summary>Strong generalisation for models of these items.</summary>
    internal static EvaluationTask Strong(IdTable items, Dataset foldIn, Dataset heldOut)
    {
        var rows = new int[heldOut.Users.Count];
        for (int u = 0; u < rows.Length; u++)
        {
            rows[u] = foldIn.Users.TryGetIndex(heldOut.Users.Utf8(u), out int row) ? row : -1;
        }

        var histories = IdMapping.Map(foldIn, rows, items, out var unknownHistory);
        var held = IdMapping.Map(heldOut, [.. Enumerable.Range(0, rows.Length)], items, out var unknownHeld);
        return new EvaluationTask(histories, null, held, unknownHeld) { UnknownHistoryItems = unknownHistory.Sum(n => (long)n) };
    }

    /// <summary>Weak generalisation for models of these users and items.</summary>
    internal static EvaluationTask Weak(IdTable modelUsers, IdTable items, Dataset heldOut)
    {
        var rows = new List<int>(heldOut.Users.Count);
        var users = new List<int>(heldOut.Users.Count);
        for (int u = 0; u < heldOut.Users.Count; u++)
        {
            if (modelUsers.TryGetIndex(heldOut.Users.Utf8(u), out int user))
            {
                rows.Add(u);
                users.Add(user);
            }
        }

        var held = IdMapping.Map(heldOut, [.. rows], items, out var unknown);
        return new EvaluationTask(null, [.. users], held, unknown) { UnknownUsers = heldOut.Users.Count - rows.Count };
    }

    /// <summary>Held-out items of a row (weight above 0) that the model does not know.</summary>
    internal int Unknown(int row) => _unknown is null ? 0 : _unknown[row];

    /// <summary>What the model may know of the user of a row: items that are not to be recommended again.</summary>
    internal ReadOnlySpan<int> History(IRecommenderModel model, int row) =>
        _modelUsers is null ? Histories!.Row(row) : model.Histories.Row(_modelUsers[row]);

    /// <summary>The user of a row as the model sees it.</summary>
    internal UserProfile Profile(IRecommenderModel model, int row) =>
        _modelUsers is null ? model.FoldIn(Histories!.Row(row), Histories.RowValues(row)) : model.GetUser(_modelUsers[row]);

    /// <summary>Checks that the task's indices are the model's.</summary>
    internal void RequireFits(IRecommenderModel model)
    {
        int items = model.Items.Count;
        if (HeldOut.Columns != items || (Histories is not null && Histories.Columns != items))
        {
            int columns = HeldOut.Columns != items ? HeldOut.Columns : Histories!.Columns;
            throw new RecsysException($"evaluation: the task has {columns} items, the model {items}");
        }

        foreach (int user in ModelUsers)
        {
            if ((uint)user >= (uint)model.Users.Count)
            {
                throw new RecsysException($"evaluation: model user {user} of a task, but the model has {model.Users.Count}");
            }
        }
    }
}
