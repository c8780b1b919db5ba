using Recsys.Engine.Data;
using Recsys.Engine.Ease;

namespace Recsys.Engine.Blending;

/// <summary>
/// Scores of a split's validation users by an EASE model that was trained on all of the data, each user's as if that user (or what is
/// held out of that user) had not been there: such a member need not be trained a second time for the weights.
/// </summary>
internal sealed class LeftOutScores
{
    private readonly EaseModel _model;
    private readonly DataSplit _split;
    private readonly int[] _items;
    private readonly bool _keep;

    /// <param name="model">A model of the whole data that <see cref="EaseLeaveOut.Applies"/>.</param>
    /// <param name="split">The split; its test part holds the validation users.</param>
    public LeftOutScores(EaseModel model, DataSplit split)
    {
        _model = model;
        _split = split;
        _keep = split.Options.Strategy == SplitStrategy.Weak;
        _items = new int[split.Train.Items.Count];
        for (int i = 0; i < _items.Length; i++)
        {
            _items[i] = IndexOf(model.Items, split.Train.Items.Utf8(i), "item");
        }
    }

    /// <summary>Scores the split's items for the user of a row.</summary>
    public void Score(int row, Span<float> scores)
    {
        int user = IndexOf(_model.Users, _split.Test.Users.Utf8(row), "user");
        var known = _split.Test.FoldIn.Row(row);
        var weights = _split.Test.FoldIn.RowValues(row);
        int[] history = new int[known.Length];
        float[] values = weights.ToArray();
        for (int e = 0; e < known.Length; e++)
        {
            history[e] = _items[known[e]];
        }

        var all = new float[_model.Items.Count];
        EaseLeaveOut.Score(_model, _model.Histories.Row(user), _model.Histories.RowValues(user), history, values, _keep, all);
        for (int i = 0; i < _items.Length; i++)
        {
            scores[i] = all[_items[i]];
        }
    }

    private static int IndexOf(IdTable table, ReadOnlySpan<byte> id, string what) => table.TryGetIndex(id, out int index)
        ? index
        : throw new RecsysException($"blend: EASE was trained on other data: it has no {what} '{System.Text.Encoding.UTF8.GetString(id)}'");
}
