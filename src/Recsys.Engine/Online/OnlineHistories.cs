using Recsys.Engine.Data;

namespace Recsys.Engine.Online;

/// <summary>
/// Present histories: each user's items ascending, with the weight, the time of the last event and the pair's share in
/// its item's popularity. One writer; readers need its lock.
/// </summary>
internal sealed class OnlineHistories
{
    private readonly List<Row> _rows = [];

    /// <summary>Users so far.</summary>
    public int Users => _rows.Count;

    /// <summary>Pairs so far.</summary>
    public long Pairs { get; private set; }

    public ReadOnlySpan<int> Items(int user) => user < _rows.Count ? _rows[user].Items.AsSpan(0, _rows[user].Count) : default;

    public ReadOnlySpan<float> Weights(int user) => user < _rows.Count ? _rows[user].Weights.AsSpan(0, _rows[user].Count) : default;

    public ReadOnlySpan<long> Times(int user) => user < _rows.Count ? _rows[user].Times.AsSpan(0, _rows[user].Count) : default;

    public Span<double> Masses(int user) => user < _rows.Count ? _rows[user].Masses.AsSpan(0, _rows[user].Count) : default;

    /// <summary>Grows with each change of the user's row.</summary>
    public int Version(int user) => user < _rows.Count ? _rows[user].Version : 0;

    public float Weight(int user, int item)
    {
        int at = Items(user).BinarySearch(item);
        return at < 0 ? 0 : _rows[user].Weights[at];
    }

    public void Grow(int users)
    {
        while (_rows.Count < users)
        {
            _rows.Add(new Row());
        }
    }

    /// <summary>Sets the weight of a pair, and adds to its share in the popularity.</summary>
    public void Set(int user, int item, float weight, long time, double mass)
    {
        Grow(user + 1);
        var row = _rows[user];
        int at = row.Items.AsSpan(0, row.Count).BinarySearch(item);
        if (at < 0)
        {
            at = ~at;
            row.Insert(at);
            row.Items[at] = item;
            row.Masses[at] = 0;
            Pairs++;
        }

        row.Weights[at] = weight;
        row.Times[at] = time;
        row.Masses[at] += mass;
        row.Version++;
    }

    /// <summary>Takes a pair out; returns its weight and share in the popularity, 0 where there was none.</summary>
    public (float Weight, double Mass) Remove(int user, int item)
    {
        int at = Items(user).BinarySearch(item);
        if (at < 0)
        {
            return default;
        }

        var row = _rows[user];
        var removed = (row.Weights[at], row.Masses[at]);
        row.Delete(at);
        row.Version++;
        Pairs--;
        return removed;
    }

    /// <summary>Takes everything of a user out.</summary>
    public void Clear(int user)
    {
        if (user < _rows.Count)
        {
            Pairs -= _rows[user].Count;
            _rows[user] = new Row { Version = _rows[user].Version + 1 };
        }
    }

    public void ScaleMasses(double factor)
    {
        for (int u = 0; u < _rows.Count; u++)
        {
            foreach (ref double mass in Masses(u))
            {
                mass *= factor;
            }
        }
    }

    public SparseMatrix ToMatrix(int users, int items)
    {
        var offsets = new long[users + 1];
        for (int u = 0; u < users; u++)
        {
            offsets[u + 1] = offsets[u] + Items(u).Length;
        }

        var columns = new int[offsets[users]];
        var values = new float[offsets[users]];
        for (int u = 0; u < users; u++)
        {
            Items(u).CopyTo(columns.AsSpan((int)offsets[u]));
            Weights(u).CopyTo(values.AsSpan((int)offsets[u]));
        }

        return new SparseMatrix(users, items, offsets, columns, values);
    }

    private sealed class Row
    {
        public int[] Items = [];
        public float[] Weights = [];
        public long[] Times = [];
        public double[] Masses = [];
        public int Count;
        public int Version;

        public void Insert(int at)
        {
            if (Count == Items.Length)
            {
                int capacity = Math.Max(4, Count * 2);
                Array.Resize(ref Items, capacity);
                Array.Resize(ref Weights, capacity);
                Array.Resize(ref Times, capacity);
                Array.Resize(ref Masses, capacity);
            }

            Shift(at, at + 1);
            Count++;
        }

        public void Delete(int at)
        {
            Shift(at + 1, at);
            Count--;
        }

        private void Shift(int from, int to)
        {
            int length = Count - from;
            Array.Copy(Items, from, Items, to, length);
            Array.Copy(Weights, from, Weights, to, length);
            Array.Copy(Times, from, Times, to, length);
            Array.Copy(Masses, from, Masses, to, length);
        }
    }
}
