using Recsys.Engine.Data;

namespace Recsys.Engine.Logistic;

/// <summary>Histories that grow click by click: each user's items ascending, with their weights.</summary>
internal sealed class UserHistories
{
    private readonly List<History> _users = [];

    public int Users => _users.Count;

    public static UserHistories From(SparseMatrix matrix)
    {
        var histories = new UserHistories();
        histories.Grow(matrix.Rows);
        for (int u = 0; u < matrix.Rows; u++)
        {
            var history = histories._users[u];
            history.Items = matrix.Row(u).ToArray();
            history.Weights = matrix.HasValues ? matrix.RowValues(u).ToArray() : Enumerable.Repeat(1f, history.Items.Length).ToArray();
            history.Count = history.Items.Length;
        }

        return histories;
    }

    public void Grow(int users)
    {
        while (_users.Count < users)
        {
            _users.Add(new History());
        }
    }

    public ReadOnlySpan<int> Items(int user) => _users[user].Items.AsSpan(0, _users[user].Count);

    public ReadOnlySpan<float> Weights(int user) => _users[user].Weights.AsSpan(0, _users[user].Count);

    /// <summary>The weight of a pair, 0 where there is none.</summary>
    public float this[int user, int item]
    {
        get
        {
            int at = Items(user).BinarySearch(item);
            return at >= 0 ? _users[user].Weights[at] : 0;
        }
    }

    public void Set(int user, int item, float weight)
    {
        var history = _users[user];
        int at = Items(user).BinarySearch(item);
        if (at < 0)
        {
            at = ~at;
            if (history.Count == history.Items.Length)
            {
                int capacity = Math.Max(4, history.Count * 2);
                Array.Resize(ref history.Items, capacity);
                Array.Resize(ref history.Weights, capacity);
            }

            history.Items.AsSpan(at, history.Count - at).CopyTo(history.Items.AsSpan(at + 1));
            history.Weights.AsSpan(at, history.Count - at).CopyTo(history.Weights.AsSpan(at + 1));
            history.Items[at] = item;
            history.Count++;
        }

        history.Weights[at] = weight;
    }

    public void Remove(int user, int item)
    {
        var history = _users[user];
        int at = Items(user).BinarySearch(item);
        if (at >= 0)
        {
            history.Items.AsSpan(at + 1, history.Count - at - 1).CopyTo(history.Items.AsSpan(at));
            history.Weights.AsSpan(at + 1, history.Count - at - 1).CopyTo(history.Weights.AsSpan(at));
            history.Count--;
        }
    }

    public void Clear(int user) => _users[user] = new History();

    public SparseMatrix ToMatrix(int users, int items)
    {
        var offsets = new long[users + 1];
        for (int u = 0; u < users; u++)
        {
            offsets[u + 1] = offsets[u] + (u < Users ? _users[u].Count : 0);
        }

        var columns = new int[offsets[users]];
        var values = new float[offsets[users]];
        for (int u = 0; u < Math.Min(users, Users); u++)
        {
            Items(u).CopyTo(columns.AsSpan((int)offsets[u]));
            Weights(u).CopyTo(values.AsSpan((int)offsets[u]));
        }

        return new SparseMatrix(users, items, offsets, columns, values);
    }

    private sealed class History
    {
        public int[] Items = [];
        public float[] Weights = [];
        public int Count;
    }
}
