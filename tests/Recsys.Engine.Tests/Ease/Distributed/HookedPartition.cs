using Recsys.Engine.Ease.Distributed;

namespace Recsys.Engine.Tests.Ease.Distributed;

/// <summary>Does something before each call.</summary>
internal sealed class HookedPartition(Func<EasePartition> target, Func<string, Task> before) : ForwardingPartition(target)
{
    protected override async Task<T> CallAsync<T>(string name, Func<Task<T>> call)
    {
        await before(name);
        return await call();
    }
}
