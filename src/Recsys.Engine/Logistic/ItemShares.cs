namespace Recsys.Engine.Logistic;

/// <summary>
/// What several learners that share items have each made of them. A row of an item, its factors, bias and Adagrad sums, is
/// its start, which depends on its id only, plus each learner's share: all the steps its users made. This is one learner's
/// side of that: its rows are start + own share + what it last heard of the others' shares, so that a step is the usual one.
/// A share travels as k factors, bias, sum, bias sum, and the number of users who have the item.
/// </summary>
internal sealed unsafe class ItemShares : IDisposable
{
    /// <summary>Numbers of a share besides the factors.</summary>
    public const int Extras = 4;

    private readonly FactorTable _rows;
    private readonly FactorTable _start;
    private readonly FactorTable _others;
    private readonly FactorTable _heard;
    private readonly float _least;
    private readonly List<int> _touched = [];
    private bool[] _isTouched = [];

    /// <summary>The shares beside a learner's rows, of which all so far are as they started.</summary>
    public ItemShares(LmfOptions options, FactorTable rows, LmfIdKeys keys)
    {
        _rows = rows;
        _least = options.InitialSum;
        _start = FactorTable.ForItems(options, keys);
        _others = FactorTable.OfZeros(options.Factors);
        _heard = FactorTable.OfZeros(options.Factors);
        _heard.Grow(1);
        Grow(rows.Rows);
    }

    /// <summary>Numbers of a share.</summary>
    public int Length => _rows.Factors + Extras;

    /// <summary>Bytes that an item takes, its row included.</summary>
    public static long BytesOf(int factors) => 3L * (((factors + 15) & ~15) + 16) * sizeof(float);

    public void Grow(int items)
    {
        _start.Grow(items);
        _others.Grow(items);
        if (items > _isTouched.Length)
        {
            Array.Resize(ref _isTouched, Math.Max(items, _isTouched.Length * 2));
        }
    }

    /// <summary>Notes that steps changed items.</summary>
    public void Touch(ReadOnlySpan<int> items)
    {
        foreach (int item in items)
        {
            if (!_isTouched[item])
            {
                _isTouched[item] = true;
                _touched.Add(item);
            }
        }
    }

    /// <summary>Adds the items that were touched since the last call to a list.</summary>
    public void TakeTouched(List<int> items)
    {
        items.AddRange(_touched);
        foreach (int item in _touched)
        {
            _isTouched[item] = false;
        }

        _touched.Clear();
    }

    /// <summary>Writes the own share of an item; returns whether it is anything.</summary>
    /// <param name="item">The item.</param>
    /// <param name="users">Own and others' users of it.</param>
    /// <param name="share">Receives it, <see cref="Length"/> long.</param>
    public bool Own(int item, int users, Span<float> share)
    {
        float* row = _rows.Row(item);
        float* start = _start.Row(item);
        float* others = _others.Row(item);
        for (int f = 0; f < _rows.Factors; f++)
        {
            share[f] = row[f] - start[f] - others[f];
        }

        int width = _rows.Width;
        for (int e = 0; e < Extras - 1; e++)
        {
            share[_rows.Factors + e] = row[width + e] - start[width + e] - others[width + e];
        }

        share[^1] = users - FactorTable.Users(others, width);
        return share.ContainsAnyExcept(0f);
    }

    /// <summary>Takes in what the others' shares of an item now sum up to; returns by how much its users became more.</summary>
    public int Hear(int item, ReadOnlySpan<float> sum)
    {
        float* heard = _heard.Row(0);
        float* others = _others.Row(item);
        float* row = _rows.Row(item);
        Unpack(sum, heard);
        int users = (int)(FactorTable.Users(heard, _rows.Width) - FactorTable.Users(others, _rows.Width));
        FactorKernels.AddDifference(row, heard, others, _rows.Stride);

        // What was accumulated elsewhere may be lost for a moment; rounding must not take a sum below its start.
        ref float rowSum = ref FactorTable.Sum(row, _rows.Width);
        ref float biasSum = ref FactorTable.BiasSum(row, _rows.Width);
        rowSum = MathF.Max(rowSum, _least);
        biasSum = MathF.Max(biasSum, _least);
        new ReadOnlySpan<float>(heard, _rows.Stride).CopyTo(new Span<float>(others, _rows.Stride));
        return users;
    }

    /// <summary>Gives an own share up: the row is what the others made of it.</summary>
    public void Drop(int item)
    {
        float* row = _rows.Row(item);
        float* start = _start.Row(item);
        float* others = _others.Row(item);
        for (int f = 0; f < _rows.Stride; f++)
        {
            row[f] = start[f] + others[f];
        }

        Touch([item]);
    }

    /// <summary>What was heard of the others, item after item.</summary>
    public float[] Others()
    {
        float[] all = new float[(long)_others.Rows * Length];
        for (int item = 0; item < _others.Rows; item++)
        {
            var packed = all.AsSpan(item * Length, Length);
            float* others = _others.Row(item);
            new ReadOnlySpan<float>(others, _rows.Factors).CopyTo(packed);
            new ReadOnlySpan<float>(others + _rows.Width, Extras).CopyTo(packed[_rows.Factors..]);
        }

        return all;
    }

    /// <summary>Restores what <see cref="Others"/> returned beside rows that contain it already; returns the others' users of each item.</summary>
    public int[] Restore(ReadOnlySpan<float> others)
    {
        int[] users = new int[_others.Rows];
        for (int item = 0; item < users.Length; item++)
        {
            float* row = _others.Row(item);
            Unpack(others.Slice(item * Length, Length), row);
            users[item] = (int)FactorTable.Users(row, _rows.Width);
        }

        return users;
    }

    public void Dispose()
    {
        _start.Dispose();
        _others.Dispose();
        _heard.Dispose();
    }

    private void Unpack(ReadOnlySpan<float> packed, float* row)
    {
        packed[.._rows.Factors].CopyTo(new Span<float>(row, _rows.Factors));
        packed[_rows.Factors..].CopyTo(new Span<float>(row + _rows.Width, Extras));
    }
}
