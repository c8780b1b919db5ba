using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Recsys.Engine.Numerics;

/// <summary>
/// Owns <see cref="Length"/> elements of 64-byte aligned memory outside the garbage-collected heap, zeroed unless it is
/// recycled; may hold more than 2³¹ elements. Disposing frees it at once; a forgotten buffer is freed by its finalizer.
/// </summary>
public sealed unsafe class NativeBuffer<T> : IDisposable
    where T : unmanaged
{
    /// <summary>Alignment of the first element in bytes: a cache line and a 512-bit register.</summary>
    public const int Alignment = 64;

    private readonly nuint _recycled;
    private readonly bool _isForgettable;
    private void* _block;
    private T* _pointer;

    /// <summary>Allocates <paramref name="length"/> elements, all zero.</summary>
    /// <exception cref="RecsysException">The system has not that much memory.</exception>
    public NativeBuffer(long length)
        : this(length, recycled: false, isForgettable: true)
    {
    }

    private NativeBuffer(long length, bool recycled, bool isForgettable)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = length;
        _isForgettable = isForgettable;
        nuint bytes = checked((nuint)length * (nuint)sizeof(T));
        nuint alignment = HugePages.AlignmentFor(bytes, Alignment);
        nuint room = checked(bytes + alignment);
        try
        {
            // A big zeroed block is fresh pages of the system, which become memory when first written: by all threads.
            _block = recycled ? RecycledMemory.Shared.Rent(room, out _recycled) : NativeMemory.AllocZeroed(room);
        }
        catch (OutOfMemoryException e)
        {
            throw new RecsysException($"cannot allocate {bytes / 1048576.0:F0} MB of memory", e);
        }

        _pointer = (T*)(((nuint)_block + alignment - 1) & ~(alignment - 1));
        HugePages.Advise(_pointer, bytes);
        if (IsPressure)
        {
            GC.AddMemoryPressure((long)bytes);
        }
    }

    /// <summary>Frees the memory of a buffer nobody disposed.</summary>
    ~NativeBuffer() => Free();

    /// <summary>Number of elements.</summary>
    public long Length { get; }

    // Of what its users dispose, a collection would find nothing to free.
    private bool IsPressure => _isForgettable && Length * sizeof(T) > 1 << 20;

    /// <summary>The first element. Valid until <see cref="Dispose"/>; keep the buffer reachable while using it.</summary>
    public T* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(_pointer is null, this);
            return _pointer;
        }
    }

    /// <summary>Element <paramref name="index"/>, bounds-checked.</summary>
    public ref T this[long index]
    {
        get
        {
            if ((ulong)index >= (ulong)Length)
            {
                throw new ArgumentOutOfRangeException(nameof(index), index, $"outside a buffer of {Length} elements");
            }

            return ref Unsafe.AsRef<T>(Pointer + index);
        }
    }

    /// <summary><paramref name="count"/> elements from <paramref name="start"/>, bounds-checked.</summary>
    public Span<T> Slice(long start, int count)
    {
        if (start < 0 || count < 0 || start > Length - count)
        {
            throw new ArgumentOutOfRangeException(nameof(start), start, $"{count} elements do not fit in a buffer of {Length}");
        }

        return new Span<T>(Pointer + start, count);
    }

    /// <summary>The whole buffer; it must not be longer than <see cref="int.MaxValue"/>.</summary>
    public Span<T> AsSpan() => new(Pointer, checked((int)Length));

    /// <summary>
    /// <paramref name="length"/> elements of any contents, in memory that an earlier such buffer left. For buffers that come
    /// and go, and are written as a whole.
    /// </summary>
    /// <param name="length">Number of elements.</param>
    /// <param name="isForgettable">Whether it may be left to its finalizer; otherwise it is disposed by those who use it.</param>
    /// <exception cref="RecsysException">The system has not that much memory.</exception>
    internal static NativeBuffer<T> Recycled(long length, bool isForgettable = false) => new(length, recycled: true, isForgettable);

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (_pointer is null)
        {
            return;
        }

        if (_recycled > 0)
        {
            RecycledMemory.Shared.Return(_block, _recycled);
        }
        else
        {
            NativeMemory.Free(_block);
        }

        _block = null;
        _pointer = null;
        if (IsPressure)
        {
            GC.RemoveMemoryPressure(Length * sizeof(T));
        }
    }
}
