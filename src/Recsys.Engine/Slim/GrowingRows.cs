using Recsys.Engine.Compute;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Slim;

/// <summary>Rows of floats in native memory that grows and is never given back before the end.</summary>
internal sealed class GrowingRows : IDisposable
{
    // Asking the system for its free memory is not worth it below this.
    private const long AskFromBytes = 64L << 20;

    private NativeBuffer<float> _buffer = new(0);
    private int _stride;

    /// <summary>A row.</summary>
    public Span<float> Row(int row) => _buffer.Slice((long)row * _stride, _stride);

    /// <summary>
    /// Makes room for <paramref name="rows"/> rows of at least <paramref name="columns"/> floats; the first
    /// <paramref name="kept"/> keep what they hold, as far as the old rows reached.
    /// </summary>
    /// <exception cref="RecsysException">The memory is not there.</exception>
    public void Resize(int kept, int rows, int columns)
    {
        int stride = Math.Max(kept > 0 ? _stride : 0, (columns + 15) & ~15);
        long length = (long)rows * stride;
        if (length <= _buffer.Length && (kept == 0 || stride == _stride))
        {
            _stride = stride;
            return;
        }

        if (kept > 0 && stride > _stride)
        {
            // Rows lengthen again soon: with the slack they are moved a few times only.
            stride = (stride + (stride / 2) + 15) & ~15;
            length = (long)rows * stride;
        }

        if (length <= _buffer.Length)
        {
            Spread(_buffer, kept, stride);
            _stride = stride;
            return;
        }

        long capacity = length + (length / 2);
        if (capacity * sizeof(float) >= AskFromBytes)
        {
            MemoryBudget.Require(
                capacity * sizeof(float), $"a column with over {kept} weights", "raise l1, or use fewer items or threads");
        }

        var larger = new NativeBuffer<float>(capacity);
        for (int r = 0; r < kept; r++)
        {
            Row(r).CopyTo(larger.Slice((long)r * stride, stride));
        }

        _buffer.Dispose();
        _buffer = larger;
        _stride = stride;
    }

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();

    /// <summary>Moves rows apart in place, the last one first.</summary>
    private void Spread(NativeBuffer<float> buffer, int kept, int stride)
    {
        for (int r = kept - 1; r > 0; r--)
        {
            Row(r).CopyTo(buffer.Slice((long)r * stride, stride));
        }
    }
}
