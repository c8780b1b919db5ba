using System.Runtime.CompilerServices;
using Recsys.Engine.Compute;

namespace Recsys.Engine.Numerics;

/// <summary>
/// In-place inverse of a symmetric positive definite matrix by the symmetric block sweep (Gauss–Jordan on blocks,
/// lower triangle only). For each pivot block k with A_kk = L·Lᵀ, V_i = A_ik:
/// Y = V·L⁻ᵀ; A_ij −= Y_i·Y_jᵀ for all i ≥ j outside the pivot; A_ik = Y_i·L⁻¹; A_kk = −L⁻ᵀ·L⁻¹. After all blocks the
/// lower triangle holds −A⁻¹. Each step is one rank-nb update, n³ flops in all, whatever part of the matrix was swept
/// before. The pivots that are met are those of the Cholesky factorisation; that V goes through L⁻¹ twice, and not
/// through A_kk⁻¹ once, keeps rounding at the square root of the block's condition.
/// A step has two parallel phases, over chunks of nb rows: (1) gather V, make and pack Y, write back A_ik; (2) the
/// update. The next pivot block is updated and inverted as the first item of phase 2.
/// </summary>
/// <remarks>Each tile is computed by the same operations whoever computes it: the result does not depend on the threads.</remarks>
internal sealed unsafe class SymmetricSweep<TKernel> : IDisposable
    where TKernel : struct, IGemmKernel
{
    private readonly int _block;
    private readonly NativeBuffer<float> _panelA;
    private readonly NativeBuffer<float> _panelB;
    private readonly NativeBuffer<float> _scratch;
    private readonly NativeBuffer<float> _factors;
    private readonly PivotBlock<TKernel> _pivotBlock;
    private readonly Action<int, int> _gather;
    private readonly Action<int, int> _update;
    private readonly Action<int, int> _finish;
    private float* _a;
    private nint _lda;
    private int _n;
    private int _chunks;
    private int _pivot;

    /// <summary>Scratch for matrices up to <paramref name="maxSize"/>, with pivot blocks of <paramref name="block"/> rows.</summary>
    public SymmetricSweep(int maxSize, int block, int workers)
    {
        _block = block;
        long square = (long)block * block;
        long chunks = (maxSize + block - 1) / block;
        _panelA = new NativeBuffer<float>(chunks * square);
        _panelB = new NativeBuffer<float>(chunks * square);
        _scratch = new NativeBuffer<float>(2 * workers * square);
        _factors = new NativeBuffer<float>(2 * 3 * square);
        _pivotBlock = new PivotBlock<TKernel>(block);
        _gather = Gather;
        _update = Update;
        _finish = Finish;
    }

    /// <summary>Rows of a pivot block for matrices of n rows: large enough to hide the traffic of C, small beside n.</summary>
    public static int BlockFor(int n) => n <= TKernel.SmallBlock ? TKernel.SmallBlock : n < 1400 ? 96 : n < 12288 ? 192 : 384;

    /// <summary>Replaces the lower triangle of A by that of A⁻¹, and the upper one by its mirror image.</summary>
    public void Invert(float* a, nint lda, int n, ComputePool pool, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        _a = a;
        _lda = lda;
        _n = n;
        _chunks = (n + _block - 1) / _block;
        InvertPivot(0);
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
        _panelA.Dispose();
        _panelB.Dispose();
        _scratch.Dispose();
        _factors.Dispose();
        _pivotBlock.Dispose();
    }

    private int RowsOf(int chunk) => Math.Min(_block, _n - (chunk * _block));

    private float* Cell(int rowChunk, int columnChunk) => _a + ((nint)rowChunk * _block * _lda) + ((nint)columnChunk * _block);

    private nint Square => (nint)_block * _block;

    // L⁻¹ of a pivot block: as it is, packed as left operand, and its transpose packed likewise. Two of each, for the
    // next pivot is inverted while this one is in use.
    private float* Inverse(int pivot) => _factors.Pointer + ((pivot & 1) * 3 * Square);

    private float* Forward(int pivot) => Inverse(pivot) + Square;

    private float* Backward(int pivot) => Inverse(pivot) + (2 * Square);

    private void InvertPivot(int pivot)
    {
        int rows = RowsOf(pivot);
        float* inverse = Inverse(pivot);
        _pivotBlock.Invert(Cell(pivot, pivot), _lda, rows, inverse, _block, (long)pivot * _block);
        SweepSteps<TKernel>.PackPivot(inverse, _block, rows, Forward(pivot), Backward(pivot));
    }

    // Phase 1 for one chunk of rows.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Gather(int worker, int chunk)
    {
        int k = RowsOf(_pivot);
        int rows = RowsOf(chunk);
        float* packed = _scratch.Pointer + (2 * worker * Square);
        float* product = packed + Square;
        if (chunk == _pivot)
        {
            SweepSteps<TKernel>.SweepPivot(_block, k, Inverse(chunk), Backward(chunk), packed, product, Cell(chunk, chunk), _lda);
            return;
        }

        bool before = chunk < _pivot;
        float* cell = before ? Cell(_pivot, chunk) : Cell(chunk, _pivot);
        float* right = _panelB.Pointer + (chunk * Square);
        SweepSteps<TKernel>.Forward(_block, k, rows, before, cell, _lda, Forward(_pivot), packed, product);
        SweepSteps<TKernel>.PackLeft(product, _block, rows, k, _panelA.Pointer + (chunk * Square));
        SweepSteps<TKernel>.PackRight(product, _block, rows, k, right);
        SweepSteps<TKernel>.Backward(_block, k, rows, before, right, Backward(_pivot), product, cell, _lda);
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

    private void UpdateBlock(int rowChunk, int columnChunk) => SweepSteps<TKernel>.Update(
        rowChunk == columnChunk,
        RowsOf(rowChunk),
        RowsOf(columnChunk),
        RowsOf(_pivot),
        _panelA.Pointer + (rowChunk * Square),
        _panelB.Pointer + (columnChunk * Square),
        Cell(rowChunk, columnChunk),
        _lda);

    private void Finish(int worker, int part) => Mirror.LowerToUpper(_a, _lda, _n, part, -1);
}
