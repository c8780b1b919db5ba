using Recsys.Engine.Compute;

namespace Recsys.Engine.Numerics;

/// <summary>
/// C = alpha·A·B + beta·C, or its lower triangle alone, blocked for the caches: a panel of B of
/// <see cref="MaxK"/> × <see cref="MaxColumns"/> is packed once and shared (third-level cache); each thread packs blocks
/// of A of at most <see cref="MaxRows"/> rows for itself (second-level cache). Where the cuts along k fall depends on
/// k alone, so the bits do not depend on the threads.
/// </summary>
/// <remarks>
/// When k ≤ <see cref="MaxK"/>, and B has at most <see cref="MaxColumns"/> columns, C may be A's own memory, and C may be
/// B's own memory always when k ≤ <see cref="MaxK"/>: what is overwritten has been packed before.
/// </remarks>
internal sealed unsafe class GemmDriver<TKernel>
    where TKernel : struct, IGemmKernel
{
    public const int MaxK = 384;
    public const int MaxColumns = 3840;
    private const int MaxRows = 240;

    // Below this many multiply–adds waking threads costs more than it saves.
    private const double SerialWork = 1 << 20;

    private readonly MatrixView _a;
    private readonly MatrixView _b;
    private readonly MatrixView _c;
    private readonly float _alpha;
    private readonly bool _lower;
    private int _blockRows;
    private int _firstK;
    private int _k;
    private int _firstColumn;
    private int _columns;
    private int _firstRow;
    private int _blocks;
    private bool _accumulate;
    private float* _packedA;
    private float* _packedB;

    private GemmDriver(float alpha, MatrixView a, MatrixView b, MatrixView c, bool lower)
    {
        _alpha = alpha;
        _a = a;
        _b = b;
        _c = c;
        _lower = lower;
    }

    public static void Multiply(
        float alpha, MatrixView a, MatrixView b, float beta, MatrixView c, bool lower, ComputePool? pool, CancellationToken cancellationToken)
    {
        if (beta is not (0 or 1) || (beta == 0 && a.Columns == 0))
        {
            Scale(c, beta, lower);
        }

        if (a.Columns > 0 && c.Rows > 0 && c.Columns > 0)
        {
            new GemmDriver<TKernel>(alpha, a, b, c, lower).Run(beta != 0, pool, cancellationToken);
        }
    }

    private static void Scale(MatrixView c, float beta, bool lower)
    {
        for (int row = 0; row < c.Rows; row++)
        {
            float* line = c.Pointer + (row * c.RowStride);
            int columns = lower ? Math.Min(row + 1, c.Columns) : c.Columns;
            for (int column = 0; column < columns; column++)
            {
                line[column] = beta == 0 ? 0 : line[column] * beta;
            }
        }
    }

    private static int RoundUp(int value, int multiple) => (value + multiple - 1) / multiple * multiple;

    // Parts of equal size, none larger than max.
    private static int Even(int total, int max, int multiple)
    {
        int parts = (total + max - 1) / max;
        return RoundUp((total + parts - 1) / parts, multiple);
    }

    private void Run(bool accumulate, ComputePool? pool, CancellationToken cancellationToken)
    {
        int m = _c.Rows;
        int n = _c.Columns;
        int k = _a.Columns;
        bool serial = pool is null || (double)m * n * k < SerialWork;
        int threads = serial ? 1 : pool!.Threads;
        int partK = Even(k, MaxK, 4);
        int partColumns = Even(n, MaxColumns, TKernel.Nr);

        // As many blocks as a multiple of the threads, so that none is left waiting for the last one.
        int rounds = (m + (MaxRows * threads) - 1) / (MaxRows * threads);
        _blockRows = Math.Min(MaxRows, RoundUp((m + (rounds * threads) - 1) / (rounds * threads), TKernel.Mr));
        using var packedA = new ScratchBuffer((long)threads * _blockRows * partK);
        using var packedB = new ScratchBuffer((long)partK * partColumns);
        _packedA = packedA.Pointer;
        _packedB = packedB.Pointer;
        for (_firstColumn = 0; _firstColumn < n; _firstColumn += partColumns)
        {
            _columns = Math.Min(partColumns, n - _firstColumn);
            _firstRow = _lower ? _firstColumn : 0;
            _blocks = (m - _firstRow + _blockRows - 1) / _blockRows;
            if (_blocks <= 0)
            {
                break;
            }

            for (_firstK = 0; _firstK < k; _firstK += partK)
            {
                _k = Math.Min(partK, k - _firstK);
                _accumulate = accumulate || _firstK > 0;
                Loop((_columns + TKernel.Nr - 1) / TKernel.Nr, PackB, serial ? null : pool, cancellationToken);
                Loop(_blocks, MultiplyBlock, serial ? null : pool, cancellationToken);
            }
        }
    }

    private static void Loop(int count, Action<int, int> body, ComputePool? pool, CancellationToken cancellationToken)
    {
        if (pool is not null)
        {
            pool.Run(count, body, cancellationToken);
            return;
        }

        cancellationToken.ThrowIfCancellationRequested();
        for (int item = 0; item < count; item++)
        {
            body(0, item);
        }
    }

    private void PackB(int worker, int sliver)
    {
        int column = sliver * TKernel.Nr;
        int width = Math.Min(TKernel.Nr, _columns - column);
        _b.Slice(_firstK, _firstColumn + column, _k, width).PackAsB(TKernel.Nr, _packedB + ((nint)column * _k));
    }

    private void MultiplyBlock(int worker, int item)
    {
        // Of a triangle the last rows are the longest: first.
        int first = _firstRow + ((_lower ? _blocks - 1 - item : item) * _blockRows);
        int rows = Math.Min(_blockRows, _c.Rows - first);
        float* packedA = _packedA + ((nint)worker * _blockRows * _k);
        _a.Slice(first, _firstK, rows, _k).PackAsA(TKernel.Mr, _alpha, packedA);
        float* c = _c.Pointer + (first * _c.RowStride) + _firstColumn;
        if (_lower)
        {
            int columns = Math.Min(_columns, first + rows - _firstColumn);
            BlockProduct<TKernel>.MultiplyLower(rows, columns, first - _firstColumn, _k, packedA, _packedB, c, _c.RowStride, _accumulate);
        }
        else
        {
            BlockProduct<TKernel>.Multiply(rows, _columns, _k, packedA, _packedB, c, _c.RowStride, _accumulate);
        }
    }
}
