using Recsys.Engine.ColdStart;
using Recsys.Engine.Data;
using Recsys.Engine.Numerics;
using Recsys.Engine.Serving;

namespace Recsys.Engine.Online.Cold;

/// <summary>Items that were described and have no ALS factors of their own, with those that their features lead to.</summary>
/// <param name="Ids">Their ids, in ordinal order.</param>
/// <param name="Factors">A row each. Freed with the last reference: requests may still read it when there is a newer one.</param>
internal sealed record ColdItems(string[] Ids, DenseMatrix Factors)
{
    /// <summary>No items.</summary>
    public static ColdItems None { get; } = new([], new DenseMatrix(0, 0));

    /// <summary>Place of each id.</summary>
    public Dictionary<string, int> Places { get; } =
        Ids.Select((id, place) => (id, place)).ToDictionary(p => p.id, p => p.place, StringComparer.Ordinal);

    /// <summary>
    /// Learns from the items that have factors, users and a description, and predicts for those that are described and have no
    /// factors, where they share a feature with one that was learned from. The same items and factors, the same prediction.
    /// </summary>
    /// <param name="known">Ids of the rows of <paramref name="factors"/>.</param>
    /// <param name="factors">Q; zero rows have no factors.</param>
    /// <param name="users">Users of each item.</param>
    /// <param name="items">What is known of items.</param>
    /// <param name="cancellationToken">Stops learning.</param>
    public static ColdItems Fit(IdTable known, DenseMatrix factors, int[] users, ItemStore items, CancellationToken cancellationToken)
    {
        var described = items.All.Where(IsDescribed).OrderBy(i => i.Id, StringComparer.Ordinal).ToList();
        var solved = new HashSet<string>(StringComparer.Ordinal);
        var rows = new ItemUpdate?[known.Count];
        var weights = new int[known.Count];
        for (int i = 0; i < known.Count; i++)
        {
            if (factors.Row(i).ContainsAnyExcept(0f))
            {
                string id = known[i];
                solved.Add(id);
                rows[i] = items.Find(id);
                weights[i] = rows[i] is { } row && IsDescribed(row) ? Math.Max(0, users[i]) : 0;
            }
        }

        var cold = described.Where(i => !solved.Contains(i.Id)).ToList();
        var teachers = Enumerable.Range(0, known.Count).Where(i => weights[i] > 0).Select(i => rows[i]!).ToList();
        if (cold.Count == 0 || teachers.Count == 0)
        {
            return None;
        }

        var features = ItemFeatures.Of(teachers);
        var predicted = cold.Select(i => (i.Id, Row: features.RowOf(i))).Where(i => i.Row.Columns.Length > 0).ToList();
        if (predicted.Count == 0)
        {
            return None;
        }

        var ridge = FeatureRidge.Fit(features.Matrix(rows), factors, weights, cancellationToken: cancellationToken);
        var matrix = new DenseMatrix(predicted.Count, factors.Columns);
        for (int i = 0; i < predicted.Count; i++)
        {
            ridge.Predict(predicted[i].Row.Columns, predicted[i].Row.Values, matrix.Row(i));
        }

        return new ColdItems([.. predicted.Select(p => p.Id)], matrix);
    }

    private static bool IsDescribed(ItemUpdate item) => item.Categories.Count > 0 || item.Features.Count > 0;
}
