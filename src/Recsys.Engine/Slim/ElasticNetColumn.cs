using Recsys.Engine.Compute;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Slim;

/// <summary>
/// Solves for one column of item-item weights after the other: min ½ wᵀGw − G_jᵀw + ½·L2·‖w‖² + L1·‖w‖₁ over w_j = 0 (and
/// w ≥ 0), by coordinate descent on the Gram matrix with covariance updates (Friedman, Hastie and Tibshirani, "Regularization
/// paths for generalized linear models via coordinate descent", 2010, §2.2). Coordinates that may move form a working
/// set: it starts with those that would lower the objective most, is solved on its own small matrix, and doubles at most
/// until no coordinate outside wants in. Scratch memory grows to what the largest column needs and is reused.
/// Not for two threads at once.
/// </summary>
internal sealed class ElasticNetColumn : IDisposable
{
    private const int FirstWorkingSet = 32;

    private readonly IGramRows _gram;
    private readonly ElasticNetPenalty _penalty;

    // The candidates: items that may have a weight, ascending, and for every item its place among them.
    private readonly int[] _candidates;
    private readonly int[] _places;
    private readonly float[] _target;
    private readonly float[] _negativeGradient;
    private readonly bool[] _working;
    private readonly ulong[] _violators;

    // The working set, in order of entry: places of candidates, their weights, their rows of G over the candidates.
    private readonly int[] _set;
    private readonly float[] _weights;
    private readonly GrowingRows _rows = new();
    private readonly GrowingRows _square = new();
    private readonly float[] _squareGradient;
    private int _candidateCount;
    private int _setCount;

    /// <summary>Scratch for columns of <paramref name="gram"/>.</summary>
    public ElasticNetColumn(IGramRows gram, ElasticNetPenalty penalty)
    {
        int n = gram.Count;
        _gram = gram;
        _penalty = penalty;
        _candidates = new int[n];
        _places = new int[n];
        _target = new float[n];
        _negativeGradient = new float[n];
        _working = new bool[n];
        _violators = new ulong[n];
        _set = new int[n];
        _weights = new float[n];
        _squareGradient = new float[n];
    }

    /// <summary>Bytes of scratch for so many items, without what grows with the working sets.</summary>
    public static long EstimateBytes(long items) => items * ((8 * sizeof(float)) + sizeof(ulong) + sizeof(bool));

    /// <summary>
    /// Solves column <paramref name="j"/>.
    /// </summary>
    /// <param name="j">The column.</param>
    /// <param name="items">Receives the items with a weight, ascending; room for all items.</param>
    /// <param name="weights">Receives their weights.</param>
    /// <returns>How many there are.</returns>
    public int Solve(int j, Span<int> items, Span<float> weights)
    {
        FindCandidates(j);
        _setCount = 0;
        _target.AsSpan(0, _candidateCount).CopyTo(_negativeGradient);
        for (int sweeps = 0; sweeps < _penalty.Sweeps && Grow();)
        {
            sweeps += SolveWorkingSet(_penalty.Sweeps - sweeps);
            ComputeGradient();
        }

        return Collect(items, weights);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _rows.Dispose();
        _square.Dispose();
    }

    private void FindCandidates(int j)
    {
        int n = _gram.Count;
        var diagonal = _gram.Diagonal;
        _gram.Read(j, _target);
        int count = 0;
        for (int i = 0; i < n; i++)
        {
            float g = _target[i];
            if ((_penalty.Screens ? g > _penalty.L1 : diagonal[i] > 0) && i != j)
            {
                _candidates[count] = i;
                _target[count] = g;
                _working[count++] = false;
            }
        }

        Array.Fill(_places, count);
        for (int c = 0; c < count; c++)
        {
            _places[_candidates[c]] = c;
        }

        _candidateCount = count;
    }

    /// <summary>Takes into the working set the candidates outside it that promise most; false where none wants in.</summary>
    private bool Grow()
    {
        var diagonal = _gram.Diagonal;
        int count = 0;
        for (int c = 0; c < _candidateCount; c++)
        {
            float excess = _penalty.Excess(_negativeGradient[c]);
            if (excess > 0 && !_working[c])
            {
                float curvature = diagonal[_candidates[c]] + _penalty.L2;
                if (excess > _penalty.Tolerance * curvature)
                {
                    // What the objective falls by when the coordinate moves alone, twice; positive floats order as
                    // their bits, and of equal ones the first candidate comes first.
                    uint gain = BitConverter.SingleToUInt32Bits(excess * excess / curvature);
                    _violators[count++] = ((ulong)~gain << 32) | (uint)c;
                }
            }
        }

        if (count == 0)
        {
            return false;
        }

        int room = Math.Max(FirstWorkingSet, _setCount);
        var chosen = _violators.AsSpan(0, Math.Min(count, room));
        if (count > room)
        {
            SmallestFirst.Partition(_violators.AsSpan(0, count), room);
        }

        Enter(chosen);
        return true;
    }

    /// <summary>Appends candidates to the working set: their rows of G are read, and the small matrix is extended.</summary>
    private void Enter(Span<ulong> chosen)
    {
        // In order of their place, so that the result does not depend on how the best were partitioned off.
        foreach (ref ulong key in chosen)
        {
            key &= uint.MaxValue;
        }

        chosen.Sort();
        int before = _setCount;
        int after = before + chosen.Length;
        var candidates = _candidates.AsSpan(0, _candidateCount);
        _rows.Resize(before, after, _candidateCount + 1);
        foreach (ulong key in chosen)
        {
            int c = (int)key;
            _working[c] = true;
            _set[_setCount] = c;
            _weights[_setCount] = 0;
            _gram.Gather(_candidates[c], candidates, _places, _rows.Row(_setCount));
            _setCount++;
        }

        _square.Resize(before, after, after);
        for (int a = before; a < after; a++)
        {
            var source = _rows.Row(a);
            var row = _square.Row(a);
            for (int b = 0; b < after; b++)
            {
                row[b] = source[_set[b]];
            }
        }

        for (int a = 0; a < before; a++)
        {
            var row = _square.Row(a);
            for (int b = before; b < after; b++)
            {
                row[b] = _square.Row(b)[a];
            }
        }
    }

    /// <summary>Sweeps over the working set until no step is larger than the tolerance; returns the sweeps made.</summary>
    private int SolveWorkingSet(int sweeps)
    {
        int count = _setCount;
        var gradient = _squareGradient.AsSpan(0, count);
        for (int a = 0; a < count; a++)
        {
            gradient[a] = _negativeGradient[_set[a]];
        }

        for (int sweep = 1; ; sweep++)
        {
            float largest = 0;
            for (int a = 0; a < count; a++)
            {
                var row = _square.Row(a)[..count];
                float old = _weights[a];
                float value = _penalty.Minimum(gradient[a] + (row[a] * old), row[a]);
                float step = value - old;
                if (step != 0)
                {
                    _weights[a] = value;
                    VectorMath.AddScaled(gradient, -step, row);
                    largest = MathF.Max(largest, MathF.Abs(step));
                }
            }

            if (!(largest > _penalty.Tolerance) || sweep >= sweeps)
            {
                return sweep;
            }
        }
    }

    /// <summary>The negative gradient of the squared error at all candidates, afresh.</summary>
    private void ComputeGradient()
    {
        var gradient = _negativeGradient.AsSpan(0, _candidateCount);
        _target.AsSpan(0, _candidateCount).CopyTo(gradient);
        for (int a = 0; a < _setCount; a++)
        {
            if (_weights[a] != 0)
            {
                VectorMath.AddScaled(gradient, -_weights[a], _rows.Row(a)[.._candidateCount]);
            }
        }
    }

    private int Collect(Span<int> items, Span<float> weights)
    {
        int count = 0;
        for (int a = 0; a < _setCount; a++)
        {
            if (_weights[a] != 0)
            {
                items[count] = _candidates[_set[a]];
                weights[count++] = _weights[a];
            }
        }

        items[..count].Sort(weights[..count]);
        return count;
    }
}
