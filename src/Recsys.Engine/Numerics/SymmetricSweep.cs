using System.Runtime.CompilerServices;
using Recsys.Engine.Compute;

namespace Recsys.Engine.Numerics;

/// <summary>
/// In-place inverse of a symmetric positive definite matrix by the symmetric block sweep (Gauss–Jordan on blocks,
/// lower triangle only). For each pivot block k with D = A_kk, V_i = A_ik:
/// W = V·D⁻¹; A_ij −= W_i·V_jᵀ for all i ≥ j outside the pivot; A_ik = W_i; A_kk = −D⁻¹. After all blocks the lower
/// triangle holds −A⁻¹. Each step is one rank-nb update, n³ flops in all, whatever part of the matrix was swept
/// before. The pivots that are met are those of the Cholesky factorisation.
/// A step has two parallel phases, over chunks of nb rows: (1) gather V, pack it, make W and write it back;
/// (2) the update. The next pivot block is updated and inverted as the first item of phase 2.
/// </summary>
/// <remarks>Each tile is computed by the same operations whoever computes it: the result does not depend on the threads.</remarks>
internal sealed unsafe class SymmetricSweep<TKernel> : IDisposable
    where TKernel : struct, IGemmKernel
{
    private readonly int _block;
    private readonly NativeBuffer<float> _packedV;
    private readonly NativeBuffer<float> _packedW;
    private readonly NativeBuffer<float> _scratch;
    private readonly NativeBuffer<float> _pivotInverse;
    private readonly NativeBuffer<float> _pivotPacked;
    private readonly SymmetricSweep<TKernel>? _small;
    private readonly Action<int, int> _gather;
    private readonly Action<int, int> _update;
    private readonly Action<int, int> _finish;
    private float* _a;
    private nint _lda;
    private int _n;
    private int _chunks;
    private int _pivot;
    private long _firstRow;

    /// <summary>Scratch for matrices up to <paramref name="maxSize"/>, with pivot blocks of <paramref name="block"/> rows.</summary>
    public SymmetricSweep(int maxSize, int block, int workers)
    {
        _block = block;
        long square = (long)block * block;
        long chunks = (maxSize + block - 1) / block;
        _packedV = new NativeBuffer<float>(chunks * square);
        _packedW = new NativeBuffer<float>(chunks * square);
        _scratch = new NativeBuffer<float>(workers * square);
        _pivotInverse = new NativeBuffer<float>(2 * square);
        _pivotPacked = new NativeBuffer<float>(2 * square);
        _small = block > TKernel.SmallBlock ? new SymmetricSweep<TKernel>(block, TKernel.SmallBlock, 1) : null;
        _gather = Gather;
        _update = Update;
        _finish = Finish;
    }

    /// <summary>Rows of a pivot block for matrices of n rows: large enough to hide the traffic of C, small beside n.</summary>
    public static int BlockFor(int n) => n <= TKernel.SmallBlock ? TKernel.SmallBlock : n < 1400 ? 96 : n < 12288 ? 192 : 384;

    /// <summary>Replaces the lower triangle of A by that of A⁻¹, and the upper one by its mirror image.</summary>
    public void Invert(float* a, nint lda, int n, ComputePool pool, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        Begin(a, lda, n, 0);
        for (_pivot = 0; _pivot < _chunks; _pivot++)
        {
            pool.Run(_chunks, _gather, cancellationToken);
            pool.Run(_chunks + 1, _update, cancellationToken);
            progress?.Report(new TrainingProgress("inverse", _pivot + 1, _chunks));
        }

        pool.Run((n + Mirror.Block - 1) / Mirror.Block, _finish, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _packedV.Dispose();
        _packedW.Dispose();
        _scratch.Dispose();
        _pivotInverse.Dispose();
        _pivotPacked.Dispose();
        _small?.Dispose();
    }

    /// <summary>The same on the caller's thread alone; only the lower triangle, negated.</summary>
    private void SweepSerially(float* a, nint lda, int n, long firstRow)
    {
        Begin(a, lda, n, firstRow);
        for (_pivot = 0; _pivot < _chunks; _pivot++)
        {
            for (int chunk = 0; chunk < _chunks; chunk++)
            {
                Gather(0, chunk);
            }

            for (int item = 0; item <= _chunks; item++)
            {
                Update(0, item);
            }
        }
    }

    private void Begin(float* a, nint lda, int n, long firstRow)
    {
        _a = a;
        _lda = lda;
        _n = n;
        _firstRow = firstRow;
        _chunks = (n + _block - 1) / _block;
        InvertPivot(0);
    }

    private int RowsOf(int chunk) => Math.Min(_block, _n - (chunk * _block));

    private float* Cell(int rowChunk, int columnChunk) => _a + ((nint)rowChunk * _block * _lda) + ((nint)columnChunk * _block);

    private nint Square => (nint)_block * _block;

    private float* PivotInverse(int pivot) => _pivotInverse.Pointer + ((pivot & 1) * Square);

    private float* PivotPacked(int pivot) => _pivotPacked.Pointer + ((pivot & 1) * Square);

    private void InvertPivot(int pivot)
    {
        int rows = RowsOf(pivot);
        float* inverse = PivotInverse(pivot);
        float* source = Cell(pivot, pivot);
        long firstRow = _firstRow + ((long)pivot * _block);
        if (_small is null)
        {
            SmallSweep.Invert(source, _lda, rows, inverse, _block, firstRow);
        }
        else
        {
            for (int row = 0; row < rows; row++)
            {
                new ReadOnlySpan<float>(source + (row * _lda), row + 1).CopyTo(new Span<float>(inverse + ((nint)row * _block), row + 1));
            }

            _small.SweepSerially(inverse, _block, rows, firstRow);
            for (int part = 0; part * Mirror.Block < rows; part++)
            {
                Mirror.LowerToUpper(inverse, _block, rows, part, -1);
            }
        }

        Packing.PackColumns(inverse, _block, rows, rows, TKernel.Mr, 1, PivotPacked(pivot));
    }

    // Phase 1: V of one chunk into the B order; Wᵀ = D⁻¹·Vᵀ; −W into the A order; W back into the matrix.
    private void Gather(int worker, int chunk)
    {
        int k = RowsOf(_pivot);
        int rows = RowsOf(chunk);
        if (chunk == _pivot)
        {
            float* inverse = PivotInverse(_pivot);
            for (int row = 0; row < rows; row++)
            {
                float* to = Cell(chunk, chunk) + (row * _lda);
                for (int column = 0; column <= row; column++)
                {
                    to[column] = -inverse[((nint)row * _block) + column];
                }
            }

            return;
        }

        float* v = _packedV.Pointer + (chunk * Square);
        if (chunk < _pivot)
        {
            Packing.PackRows(Cell(_pivot, chunk), _lda, rows, k, TKernel.Nr, 1, v);
        }
        else
        {
            Packing.PackColumns(Cell(chunk, _pivot), _lda, rows, k, TKernel.Nr, 1, v);
        }

        float* w = _scratch.Pointer + (worker * Square);
        float* pivot = PivotPacked(_pivot);
        for (int column = 0; column < rows; column += TKernel.Nr)
        {
            for (int row = 0; row < k; row += TKernel.Mr)
            {
                TKernel.Multiply(k, pivot + ((nint)row * k), v + ((nint)column * k), w + ((nint)row * _block) + column, _block, false);
            }
        }

        Packing.PackRows(w, _block, rows, k, TKernel.Mr, -1, _packedW.Pointer + (chunk * Square));
        if (chunk < _pivot)
        {
            float* to = Cell(_pivot, chunk);
            for (int row = 0; row < k; row++)
            {
                new ReadOnlySpan<float>(w + ((nint)row * _block), rows).CopyTo(new Span<float>(to + (row * _lda), rows));
            }
        }
        else
        {
            Packing.Transpose(w, _block, k, rows, Cell(chunk, _pivot), _lda);
        }
    }

    // Phase 2: item 0 is the next pivot block with its inverse, the others are chunks of rows, the longest first.
    private void Update(int worker, int item)
    {
        int next = _pivot + 1;
        if (item == 0)
        {
            if (next < _chunks)
            {
                UpdateBlock(next, next);
                InvertPivot(next);
            }

            return;
        }

        int chunk = _chunks - item;
        if (chunk == _pivot)
        {
            return;
        }

        for (int column = 0; column <= chunk; column++)
        {
            if (column != _pivot && (column != chunk || chunk != next))
            {
                UpdateBlock(chunk, column);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void UpdateBlock(int rowChunk, int columnChunk)
    {
        int k = RowsOf(_pivot);
        int rows = RowsOf(rowChunk);
        int columns = RowsOf(columnChunk);
        float* w = _packedW.Pointer + (rowChunk * Square);
        float* v = _packedV.Pointer + (columnChunk * Square);
        float* c = Cell(rowChunk, columnChunk);
        float* edge = stackalloc float[TKernel.Mr * TKernel.Nr];
        for (int column = 0; column < columns; column += TKernel.Nr)
        {
            // On the diagonal, tiles wholly above it are left out; those across it may spoil what lies above.
            int row = rowChunk == columnChunk ? column / TKernel.Mr * TKernel.Mr : 0;
            for (; row < rows; row += TKernel.Mr)
            {
                float* a = w + ((nint)row * k);
                float* b = v + ((nint)column * k);
                float* tile = c + (row * _lda) + column;
                if (row + TKernel.Mr <= rows && column + TKernel.Nr <= columns)
                {
                    TKernel.Multiply(k, a, b, tile, _lda, true);
                }
                else
                {
                    TKernel.Multiply(k, a, b, edge, TKernel.Nr, false);
                    int height = Math.Min(TKernel.Mr, rows - row);
                    int width = Math.Min(TKernel.Nr, columns - column);
                    for (int r = 0; r < height; r++)
                    {
                        for (int j = 0; j < width; j++)
                        {
                            tile[(r * _lda) + j] += edge[(r * TKernel.Nr) + j];
                        }
                    }
                }
            }
        }
    }

    private void Finish(int worker, int part) => Mirror.LowerToUpper(_a, _lda, _n, part, -1);
}
