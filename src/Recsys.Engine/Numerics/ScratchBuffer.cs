using System.Runtime.InteropServices;

namespace Recsys.Engine.Numerics;

/// <summary>Floats for the time of one call: not cleared, no finalizer, 64-byte aligned.</summary>
internal readonly unsafe ref struct ScratchBuffer
{
    public ScratchBuffer(long length)
    {
        nuint bytes = checked((nuint)Math.Max(length, 1) * sizeof(float));
        try
        {
            Pointer = (float*)NativeMemory.AlignedAlloc(bytes, HugePages.AlignmentFor(bytes, NativeBuffer<float>.Alignment));
        }
        catch (OutOfMemoryException e)
        {
            throw new RecsysException($"cannot allocate {bytes / 1048576.0:F0} MB of memory", e);
        }

        HugePages.Advise(Pointer, bytes);
    }

    public float* Pointer { get; }

    public void Dispose() => NativeMemory.AlignedFree(Pointer);
}
