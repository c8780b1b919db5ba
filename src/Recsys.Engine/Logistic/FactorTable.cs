using Recsys.Engine.Negatives;
using Recsys.Engine.Numerics;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Logistic;

/// <summary>
/// Growing rows of factors under training. A row is the k factors padded to <see cref="Width"/>, then 16 floats with its
/// bias and Adagrad sums, so that a step touches one stretch of memory.
/// </summary>
internal sealed unsafe class FactorTable : IDisposable
{
    private readonly float _spread;
    private readonly ulong _key;
    private readonly float _startSum;
    private readonly Func<int, ulong>? _rowKey;
    private NativeBuffer<float> _buffer;

    /// <summary>An empty table.</summary>
    /// <param name="factors">k.</param>
    /// <param name="spread">Standard deviation of a new row's factors.</param>
    /// <param name="startSum">First value of the Adagrad sums.</param>
    /// <param name="key">Seed of new rows; each is keyed by its index.</param>
    /// <param name="rowKey">The key of each row instead, where rows are keyed by something else.</param>
    public FactorTable(int factors, float spread, float startSum, ulong key, Func<int, ulong>? rowKey = null)
    {
        Factors = factors;
        Width = (factors + 15) & ~15;
        Stride = Width + 16;
        _spread = spread;
        _startSum = startSum;
        _key = key;
        _rowKey = rowKey;
        _buffer = new NativeBuffer<float>(0);
    }

    /// <summary>An empty table of users.</summary>
    public static FactorTable ForUsers(LmfOptions options, LmfIdKeys? keys = null) =>
        new(options.Factors, options.RowSpread, options.InitialSum, LmfKeys.Users(options.Seed), keys is null ? null : keys.User);

    /// <summary>An empty table of items.</summary>
    public static FactorTable ForItems(LmfOptions options, LmfIdKeys? keys = null) =>
        new(options.Factors, options.RowSpread, options.InitialSum, LmfKeys.Items(options.Seed), keys is null ? null : keys.Item);

    /// <summary>An empty table whose rows begin with zeros.</summary>
    public static FactorTable OfZeros(int factors) => new(factors, 0, 0, 0);

    /// <summary>Columns k.</summary>
    public int Factors { get; }

    /// <summary>k rounded up to 16; the padding is zero and stays so.</summary>
    public int Width { get; }

    /// <summary>Floats from row to row. Within a row: the bias at <see cref="Width"/>, the sums after it.</summary>
    public int Stride { get; }

    /// <summary>Number of rows.</summary>
    public int Rows { get; private set; }

    /// <summary>A row, valid until the table grows.</summary>
    public float* Row(int row) => _buffer.Pointer + ((long)row * Stride);

    public static ref float Bias(float* row, int width) => ref row[width];

    public static ref float Sum(float* row, int width) => ref row[width + 1];

    public static ref float BiasSum(float* row, int width) => ref row[width + 2];

    /// <summary>Where rows are shared: users of the item elsewhere.</summary>
    public static ref float Users(float* row, int width) => ref row[width + 3];

    /// <summary>Adds rows until there are <paramref name="rows"/>, seeded by their index.</summary>
    public void Grow(int rows)
    {
        if (rows <= Rows)
        {
            return;
        }

        long length = (long)rows * Stride;
        if (length > _buffer.Length)
        {
            // The first allocation is exact: batch training never grows.
            var larger = new NativeBuffer<float>(Rows == 0 ? length : Math.Max(length, _buffer.Length * 2));
            long bytes = (long)Rows * Stride * sizeof(float);
            Buffer.MemoryCopy(_buffer.Pointer, larger.Pointer, bytes, bytes);
            _buffer.Dispose();
            _buffer = larger;
        }

        int from = Rows;
        Rows = rows;
        for (int r = from; r < rows; r++)
        {
            Initialize(r);
        }
    }

    /// <summary>Gives a row the values it had when it was new.</summary>
    public void Initialize(int row)
    {
        float* x = Row(row);
        ulong key = _rowKey?.Invoke(row) ?? CounterRandom.Derive(_key, (ulong)row);
        for (int f = 0; f < Factors && _spread != 0; f++)
        {
            x[f] = _spread * (float)CounterRandom.Gaussian(key, (ulong)f);
        }

        Bias(x, Width) = 0;
        Sum(x, Width) = _startSum;
        BiasSum(x, Width) = _startSum;
    }

    /// <summary>The cosines of a row's factors with those of the first rows; 0 where one of them has none.</summary>
    public void Cosines(int row, Span<float> cosines)
    {
        float* of = Row(row);
        float norm = MathF.Sqrt(FactorKernels.Dot(of, of, Width));
        for (int i = 0; i < cosines.Length; i++)
        {
            float* x = Row(i);
            float both = norm * MathF.Sqrt(FactorKernels.Dot(x, x, Width));
            cosines[i] = both == 0 ? 0 : FactorKernels.Dot(of, x, Width) / both;
        }
    }

    /// <summary>A copy of everything; new rows of the copy are keyed as <paramref name="keyed"/>'s are, where it is given.</summary>
    public FactorTable Copy(FactorTable? keyed = null)
    {
        var copy = new FactorTable(Factors, _spread, _startSum, _key, keyed is null ? _rowKey : keyed._rowKey)
        {
            Rows = Rows,
            _buffer = new NativeBuffer<float>((long)Rows * Stride),
        };
        long bytes = copy._buffer.Length * sizeof(float);
        Buffer.MemoryCopy(_buffer.Pointer, copy._buffer.Pointer, bytes, bytes);
        return copy;
    }

    /// <summary>The factors as rows × k, in place.</summary>
    public Tensor FactorsTensor() =>
        new(TensorType.F32, [Rows, Factors], (byte*)_buffer.Pointer, (long)Stride * sizeof(float), this);

    /// <summary>A copy of one float of every row: the biases (offset 0), sums (1) or bias sums (2).</summary>
    public Tensor ExtraTensor(int offset)
    {
        var values = new NativeBuffer<float>(Rows);
        for (int r = 0; r < Rows; r++)
        {
            values.Pointer[r] = Row(r)[Width + offset];
        }

        return Tensor.From(values, TensorType.F32);
    }

    public void Dispose() => _buffer.Dispose();
}
