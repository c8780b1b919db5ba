using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Slim;

/// <summary>
/// G = XᵀX in compressed sparse rows, both triangles: an element for every pair of items that some user has both of.
/// Made row by row, in parallel, each sum in user order: the same bits for any number of threads, and those of the
/// dense matrix.
/// </summary>
internal sealed class SparseGram : IGramRows, IDisposable
{
    private const int BytesPerElement = sizeof(int) + sizeof(float);
    private const int RowsPerItem = 16;

    // With so many times fewer columns wanted than a row has elements, looking each of them up is cheaper than a pass.
    private const int LookupFactor = 24;

    private readonly long[] _offsets;
    private readonly NativeBuffer<int> _columns;
    private readonly NativeBuffer<float> _values;
    private readonly float[] _diagonal;

    private SparseGram(long[] offsets)
    {
        Count = offsets.Length - 1;
        _offsets = offsets;
        _columns = new NativeBuffer<int>(offsets[^1]);
        _values = new NativeBuffer<float>(offsets[^1]);
        _diagonal = new float[Count];
    }

    /// <inheritdoc/>
    public int Count { get; }

    /// <inheritdoc/>
    public ReadOnlySpan<float> Diagonal => _diagonal;

    /// <summary>Elements stored.</summary>
    public long Elements => _offsets[^1];

    /// <summary>Bytes of a matrix with so many elements.</summary>
    public static long Bytes(long elements) => elements * BytesPerElement;

    /// <summary>An upper bound of the elements: every pair of items of every user, or the full matrix.</summary>
    public static long BoundElements(SparseMatrix users)
    {
        long pairs = 0;
        for (int u = 0; u < users.Rows; u++)
        {
            long length = users.RowLength(u);
            pairs += length * length;
        }

        return Math.Min(pairs, (long)users.Columns * users.Columns);
    }

    /// <summary>Offsets of the rows, counted: the last one is the number of elements.</summary>
    public static long[] CountElements(SparseMatrix users, SparseMatrix items, ComputePool pool, CancellationToken cancellationToken)
    {
        int n = items.Rows;
        var offsets = new long[n + 1];
        var scratch = new int[]?[pool.Threads];
        ForRows(n, pool, cancellationToken, (worker, i) =>
        {
            int[] seen = scratch[worker] ??= new int[n];
            int count = 0;
            foreach (int user in items.Row(i))
            {
                foreach (int j in users.Row(user))
                {
                    // Marks are i + 1, so that no row needs them cleared.
                    count += seen[j] == i + 1 ? 0 : 1;
                    seen[j] = i + 1;
                }
            }

            offsets[i + 1] = count;
        });
        for (int i = 0; i < n; i++)
        {
            offsets[i + 1] += offsets[i];
        }

        return offsets;
    }

    /// <summary>
    /// Computes G.
    /// </summary>
    /// <param name="users">X, users × items.</param>
    /// <param name="items">Xᵀ.</param>
    /// <param name="offsets">As <see cref="CountElements"/> gives them.</param>
    /// <param name="pool">Threads.</param>
    /// <param name="cancellationToken">Stops between rows.</param>
    public static SparseGram Compute(
        SparseMatrix users, SparseMatrix items, long[] offsets, ComputePool pool, CancellationToken cancellationToken)
    {
        var gram = new SparseGram(offsets);
        try
        {
            var scratch = new Sums?[pool.Threads];
            ForRows(gram.Count, pool, cancellationToken, (worker, i) =>
                gram.ComputeRow(users, items, i, scratch[worker] ??= new Sums(gram.Count)));
            return gram;
        }
        catch
        {
            gram.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Read(int row, Span<float> values)
    {
        values.Clear();
        var columns = Columns(row);
        var elements = Values(row);
        for (int e = 0; e < columns.Length; e++)
        {
            values[columns[e]] = elements[e];
        }
    }

    /// <inheritdoc/>
    public void Gather(int row, ReadOnlySpan<int> columns, ReadOnlySpan<int> places, Span<float> values)
    {
        var stored = Columns(row);
        var elements = Values(row);
        if ((long)columns.Length * LookupFactor < stored.Length)
        {
            for (int c = 0; c < columns.Length; c++)
            {
                int at = stored.BinarySearch(columns[c]);
                values[c] = at < 0 ? 0 : elements[at];
            }

            return;
        }

        values.Clear();
        for (int e = 0; e < stored.Length; e++)
        {
            values[places[stored[e]]] = elements[e];
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _columns.Dispose();
        _values.Dispose();
    }

    private static void ForRows(int rows, ComputePool pool, CancellationToken cancellationToken, Action<int, int> body) =>
        pool.Run(
            (rows + RowsPerItem - 1) / RowsPerItem,
            (worker, chunk) =>
            {
                int end = Math.Min(rows, (chunk + 1) * RowsPerItem);
                for (int row = chunk * RowsPerItem; row < end; row++)
                {
                    body(worker, row);
                }
            },
            cancellationToken);

    private void ComputeRow(SparseMatrix users, SparseMatrix items, int i, Sums sums)
    {
        var columns = Columns(i);
        int count = 0;
        var itemUsers = items.Row(i);
        var itemWeights = items.RowValues(i);
        for (int e = 0; e < itemUsers.Length; e++)
        {
            var history = users.Row(itemUsers[e]);
            var weights = users.RowValues(itemUsers[e]);
            for (int h = 0; h < history.Length; h++)
            {
                int j = history[h];
                if (sums.Seen[j] != i + 1)
                {
                    sums.Seen[j] = i + 1;
                    sums.Values[j] = 0;
                    columns[count++] = j;
                }

                sums.Values[j] += weights.IsEmpty ? 1 : itemWeights[e] * weights[h];
            }
        }

        columns.Sort();
        var values = Values(i);
        for (int e = 0; e < columns.Length; e++)
        {
            values[e] = sums.Values[columns[e]];
        }

        _diagonal[i] = count == 0 ? 0 : sums.Values[i];
    }

    private Span<int> Columns(int row) => _columns.Slice(_offsets[row], (int)(_offsets[row + 1] - _offsets[row]));

    private Span<float> Values(int row) => _values.Slice(_offsets[row], (int)(_offsets[row + 1] - _offsets[row]));

    /// <summary>A row as it is added up: values where the mark is that of the row (its number + 1).</summary>
    private sealed class Sums(int columns)
    {
        public int[] Seen { get; } = new int[columns];

        public float[] Values { get; } = new float[columns];
    }
}
