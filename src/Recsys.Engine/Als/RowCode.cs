namespace Recsys.Engine.Als;

/// <summary>A row of one side as a virtual block (upper 6 bits) and its place in the block (lower 26 bits).</summary>
internal static class RowCode
{
    public const int LocalBits = 26;

    public const uint LocalMask = (1u << LocalBits) - 1;

    public static uint Of(int block, int local)
    {
        if ((uint)local > LocalMask)
        {
            throw new RecsysException($"ALS: a virtual block has more than {LocalMask} rows");
        }

        return ((uint)block << LocalBits) | (uint)local;
    }
}
