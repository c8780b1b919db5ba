using Recsys.Engine;

namespace Recsys.Grains.Wire;

/// <summary>
/// What one message may hold. Orleans refuses bodies over 100 MiB with an error that looks like a lost silo; senders cut
/// blocks long before that, and what is larger is refused here with its size.
/// </summary>
public static class WireLimits
{
    /// <summary>Most bytes of numbers in one block.</summary>
    public const int MaxBlockBytes = 32 << 20;

    /// <summary>Most bytes of what says which rows a block has: a bit a row, of rows of one number at least.</summary>
    public const int MaxSelectionBytes = MaxBlockBytes / 32;

    /// <summary>Refuses a block that is too large, or a negative size.</summary>
    /// <exception cref="RecsysException">It is.</exception>
    public static void CheckBlock(string what, long rows, long columns)
    {
        if (rows < 0 || columns < 0 || (columns > 0 && rows > MaxBlockBytes / sizeof(float) / columns))
        {
            throw new RecsysException($"{what}: {rows} × {columns} numbers do not fit in a message of {MaxBlockBytes} bytes: ask for fewer rows");
        }
    }
}
