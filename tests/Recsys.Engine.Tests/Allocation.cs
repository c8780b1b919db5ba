namespace Recsys.Engine.Tests;

/// <summary>What code allocates on the thread that runs it.</summary>
internal static class Allocation
{
    /// <summary>
    /// The fewest bytes that one of several rounds allocates. What code allocates each time is in every round; what happens to it now and then
    /// is not: a collection that another test brings about empties pools, and the runtime keeps tables of its own that grow on whatever thread
    /// is there.
    /// </summary>
    public static long Least(Action round, int rounds = 5)
    {
        long least = long.MaxValue;
        for (int r = 0; r < rounds; r++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            round();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
