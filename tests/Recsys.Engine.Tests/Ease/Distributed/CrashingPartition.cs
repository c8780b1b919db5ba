using Recsys.Engine.Ease.Distributed;

namespace Recsys.Engine.Tests.Ease.Distributed;

/// <summary>Loses the partition just before, or just after, the call of that name and number.</summary>
internal sealed class CrashingPartition(Func<EasePartition> target, string name, int number, bool after, Func<Task> lose)
    : ForwardingPartition(target)
{
    private int _calls;

    public bool HasCrashed { get; private set; }

    protected override async Task<T> CallAsync<T>(string called, Func<Task<T>> call)
    {
        if (called != name || Interlocked.Increment(ref _calls) != number)
        {
            return await call();
        }

        HasCrashed = true;
        if (after)
        {
            try
            {
                await call();
            }
            catch (RecsysException)
            {
            }
        }

        await lose();
        throw new IOException($"{called}: the process is gone");
    }
}
