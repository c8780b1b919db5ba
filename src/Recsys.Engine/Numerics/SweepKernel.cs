namespace Recsys.Engine.Numerics;

/// <summary>
/// <see cref="SweepSteps{TKernel}"/> of one vector width, with scratch memory for the threads of a pool: what an owner of
/// some blocks of a matrix needs to take part in a sweep. Not for concurrent calls of the same worker number.
/// </summary>
internal abstract unsafe class SweepKernel : IDisposable
{
    private protected SweepKernel(int block) => Block = block;

    /// <summary>Rows of a pivot block.</summary>
    public int Block { get; }

    /// <summary>Floats of a square.</summary>
    public nint Square => (nint)Block * Block;

    /// <summary>Rows of a pivot block for a matrix of n rows at this vector width.</summary>
    public static int BlockFor(int n, SimdLevel level) => level switch
    {
        SimdLevel.Vector512 => SymmetricSweep<Kernel512>.BlockFor(n),
        SimdLevel.Vector256 => SymmetricSweep<Kernel256>.BlockFor(n),
        _ => SymmetricSweep<KernelPortable>.BlockFor(n),
    };

    /// <summary>The kernel of a vector width.</summary>
    public static SweepKernel Create(int block, int workers, SimdLevel level) => level switch
    {
        SimdLevel.Vector512 => new Of<Kernel512>(block, workers),
        SimdLevel.Vector256 => new Of<Kernel256>(block, workers),
        _ => new Of<KernelPortable>(block, workers),
    };

    /// <summary>L⁻¹ of the pivot block at <paramref name="cell"/>, whose lower triangle is read. One call at a time.</summary>
    /// <exception cref="NotPositiveDefiniteException">Names row <paramref name="firstRow"/> + the local one.</exception>
    public abstract void InvertPivot(float* cell, nint ld, int k, long firstRow, float* inverse);

    /// <inheritdoc cref="SweepSteps{TKernel}.PackPivot"/>
    public abstract void PackPivot(float* inverse, int k, float* forward, float* backward);

    /// <summary>Replaces the pivot block by −L⁻ᵀ·L⁻¹.</summary>
    public abstract void SweepPivot(int worker, int k, float* inverse, float* backward, float* cell, nint ld);

    /// <summary>Writes Yᵀ of one block of the panel, packs it as <see cref="PackPanel"/> does, and replaces the block by Y·L⁻¹.</summary>
    public abstract void Gather(
        int worker, int k, int rows, bool lies, float* forward, float* backward, float* cell, nint ld, float* y, float* left, float* right);

    /// <summary>Packs a Yᵀ as left and as right operand of updates.</summary>
    public abstract void PackPanel(float* y, int rows, int k, float* left, float* right);

    /// <inheritdoc cref="SweepSteps{TKernel}.Update"/>
    public abstract void Update(bool diagonal, int rows, int columns, int k, float* left, float* right, float* cell, nint ld);

    /// <inheritdoc/>
    public abstract void Dispose();

    private sealed class Of<TKernel> : SweepKernel
        where TKernel : struct, IGemmKernel
    {
        private readonly PivotBlock<TKernel> _pivotBlock;
        private readonly NativeBuffer<float> _scratch;

        public Of(int block, int workers)
            : base(block)
        {
            _pivotBlock = new PivotBlock<TKernel>(block);
            _scratch = new NativeBuffer<float>(2 * workers * (long)block * block);
        }

        public override void InvertPivot(float* cell, nint ld, int k, long firstRow, float* inverse) =>
            _pivotBlock.Invert(cell, ld, k, inverse, Block, firstRow);

        public override void PackPivot(float* inverse, int k, float* forward, float* backward) =>
            SweepSteps<TKernel>.PackPivot(inverse, Block, k, forward, backward);

        public override void SweepPivot(int worker, int k, float* inverse, float* backward, float* cell, nint ld) =>
            SweepSteps<TKernel>.SweepPivot(Block, k, inverse, backward, Packed(worker), Packed(worker) + Square, cell, ld);

        public override void Gather(
            int worker, int k, int rows, bool lies, float* forward, float* backward, float* cell, nint ld, float* y, float* left, float* right)
        {
            float* packed = Packed(worker);
            SweepSteps<TKernel>.Forward(Block, k, rows, lies, cell, ld, forward, packed, y);
            PackPanel(y, rows, k, left, right);
            SweepSteps<TKernel>.Backward(Block, k, rows, lies, right, backward, packed + Square, cell, ld);
        }

        public override void PackPanel(float* y, int rows, int k, float* left, float* right)
        {
            SweepSteps<TKernel>.PackLeft(y, Block, rows, k, left);
            SweepSteps<TKernel>.PackRight(y, Block, rows, k, right);
        }

        public override void Update(bool diagonal, int rows, int columns, int k, float* left, float* right, float* cell, nint ld) =>
            SweepSteps<TKernel>.Update(diagonal, rows, columns, k, left, right, cell, ld);

        public override void Dispose()
        {
            _pivotBlock.Dispose();
            _scratch.Dispose();
        }

        private float* Packed(int worker) => _scratch.Pointer + (2 * worker * Square);
    }
}
