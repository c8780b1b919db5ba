using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace Recsys.Engine.Storage;

/// <summary>
/// A read-only mapping of a part of a file. The owner of a mapped <see cref="Tensor"/>: disposing it unmaps at once,
/// forgetting it leaves that to the finalizer.
/// </summary>
public sealed unsafe class MappedMemory : IDisposable
{
    private readonly MemoryMappedFile _mapping;
    private readonly MemoryMappedViewAccessor _view;
    private byte* _pointer;

    internal MappedMemory(SafeFileHandle file, long offset, long bytes)
    {
        _mapping = MemoryMappedFile.CreateFromFile(
            file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        try
        {
            _view = _mapping.CreateViewAccessor(offset, bytes, MemoryMappedFileAccess.Read);
        }
        catch
        {
            _mapping.Dispose();
            throw;
        }

        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        _pointer = start + _view.PointerOffset;
        Bytes = bytes;
    }

    /// <summary>Lets go of the view where nobody disposed it.</summary>
    ~MappedMemory() => Release();

    /// <summary>The first byte.</summary>
    public byte* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(_pointer is null, this);
            return _pointer;
        }
    }

    /// <summary>Bytes mapped.</summary>
    public long Bytes { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Release();
        _view.Dispose();
        _mapping.Dispose();
        GC.SuppressFinalize(this);
    }

    private void Release()
    {
        if (_pointer is not null)
        {
            _pointer = null;
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
        }
    }
}
