using System.Runtime.InteropServices;

namespace Recsys.Engine.Numerics;

/// <summary>
/// Asks Linux to back big buffers with 2 MB pages: a column of a big matrix touches a page a row, more than the
/// processor can keep translations of at 4 KB. Elsewhere, or where it is refused, nothing happens.
/// </summary>
internal static unsafe partial class HugePages
{
    private const nuint PageSize = 2 << 20;
    private const int AdviceHugePage = 14;
    private static bool _unavailable = !OperatingSystem.IsLinux();

    /// <summary>The alignment for a buffer of <paramref name="bytes"/>: a huge page where it fills at least two.</summary>
    public static nuint AlignmentFor(nuint bytes, nuint least) => _unavailable || bytes < 2 * PageSize ? least : PageSize;

    /// <summary>To be called between allocation and first touch.</summary>
    public static void Advise(void* pointer, nuint bytes)
    {
        if (_unavailable || bytes < 2 * PageSize)
        {
            return;
        }

        try
        {
            _ = MemoryAdvise(pointer, bytes & ~(PageSize - 1), AdviceHugePage);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            _unavailable = true;
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int MemoryAdvise(void* address, nuint length, int advice);
}
