using Recsys.Engine.Models;

namespace Recsys.Engine.Evaluation;

/// <summary>
/// What is to be found for whom, after all exclusions: per examined user the held-out items that the model knows, that
/// are wanted (weight above 0) and that are not in the user's history. Users with none of them are left out.
/// </summary>
internal sealed class RelevanceSets
{
    private readonly int[] _rows;
    private readonly long[] _offsets;
    private readonly int[] _items;
    private readonly int[] _missing;

    private RelevanceSets(int[] rows, long[] offsets, int[] items, int[] missing)
    {
        _rows = rows;
        _offsets = offsets;
        _items = items;
        _missing = missing;
    }

    /// <summary>Row in the task of each examined user, ascending.</summary>
    public int[] Rows => _rows;

    /// <summary>Held-out items to be found, of all users.</summary>
    public long Known => _items.Length;

    /// <summary>Held-out items the model does not know.</summary>
    public long Unknown { get; private init; }

    /// <summary>Held-out items left out because they stand in the user's history.</summary>
    public long Seen { get; private init; }

    /// <summary>Held-out items to be found for the user at a position, ascending.</summary>
    public ReadOnlySpan<int> Items(int position) =>
        _items.AsSpan((int)_offsets[position], (int)(_offsets[position + 1] - _offsets[position]));

    /// <summary>Held-out items of that user that count though no ranking can hold them.</summary>
    public int Missing(int position) => _missing[position];

    public static RelevanceSets Of(EvaluationTask task, IRecommenderModel model, bool unknownAsMisses)
    {
        var rows = new List<int>(task.HeldOut.Rows);
        var offsets = new List<long>(task.HeldOut.Rows + 1) { 0 };
        var items = new List<int>((int)task.HeldOut.Count);
        var missing = new List<int>(task.HeldOut.Rows);
        long unknown = 0;
        long seen = 0;
        for (int row = 0; row < task.HeldOut.Rows; row++)
        {
            int start = items.Count;
            seen += Collect(task, model, row, items);
            unknown += task.Unknown(row);
            int missed = unknownAsMisses ? task.Unknown(row) : 0;
            if (items.Count - start + missed > 0)
            {
                rows.Add(row);
                offsets.Add(items.Count);
                missing.Add(missed);
            }
        }

        return new RelevanceSets([.. rows], [.. offsets], [.. items], [.. missing]) { Unknown = unknown, Seen = seen };
    }

    /// <summary>Adds a row's items to be found; returns how many were left out as seen.</summary>
    private static int Collect(EvaluationTask task, IRecommenderModel model, int row, List<int> items)
    {
        var held = task.HeldOut.Row(row);
        var weights = task.HeldOut.RowValues(row);
        var history = task.History(model, row);
        int seen = 0;
        int h = 0;
        for (int e = 0; e < held.Length; e++)
        {
            if (!weights.IsEmpty && !(weights[e] > 0))
            {
                continue;
            }

            while (h < history.Length && history[h] < held[e])
            {
                h++;
            }

            if (h < history.Length && history[h] == held[e])
            {
                seen++;
            }
            else
            {
                items.Add(held[e]);
            }
        }

        return seen;
    }
}
