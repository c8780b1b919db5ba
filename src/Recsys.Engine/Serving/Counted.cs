namespace Recsys.Engine.Serving;

/// <summary>
/// Something whose memory is freed when nobody holds it any more. Who makes it holds it; holding takes no lock.
/// </summary>
internal abstract class Counted
{
    private int _holders = 1;

    /// <summary>Takes hold of it; false when it is gone already.</summary>
    public bool TryAcquire()
    {
        int holders = Volatile.Read(ref _holders);
        while (holders > 0)
        {
            int found = Interlocked.CompareExchange(ref _holders, holders + 1, holders);
            if (found == holders)
            {
                return true;
            }

            holders = found;
        }

        return false;
    }

    /// <summary>Lets go of it.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            Free();
        }
    }

    /// <summary>The last holder has let go.</summary>
    protected abstract void Free();
}
