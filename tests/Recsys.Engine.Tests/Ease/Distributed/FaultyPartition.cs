using Recsys.Engine.Ease.Distributed;

namespace Recsys.Engine.Tests.Ease.Distributed;

/// <summary>
/// Loses calls before and after they are carried out, makes them twice, holds them back, and now and then makes one again
/// that was made long ago.
/// </summary>
internal sealed class FaultyPartition(Func<EasePartition> target, int seed, double rate) : ForwardingPartition(target)
{
    private readonly Random _random = new(seed);
    private readonly List<Func<Task>> _past = [];

    public int Faults { get; private set; }

    protected override async Task<T> CallAsync<T>(string name, Func<Task<T>> call)
    {
        int fault;
        Func<Task>? again = null;
        lock (_random)
        {
            fault = _random.NextDouble() < rate ? _random.Next(5) : -1;
            Faults += fault >= 0 ? 1 : 0;
            if (fault == 4 && _past.Count > 0)
            {
                again = _past[_random.Next(_past.Count)];
            }

            // The end of a training is not to come again: it is meant.
            if (name != "end")
            {
                _past.Add(async () => await call());
            }
        }

        await Task.Yield();
        switch (fault)
        {
            case 0:
                throw new IOException($"{name}: lost on the way there");
            case 1:
                await call();
                throw new TimeoutException($"{name}: lost on the way back");
            case 2:
                var twice = new[] { call(), call() };
                return (await Task.WhenAll(twice))[1];
            case 3:
                await Task.Delay(3);
                return await call();
            case 4 when again is not null:
                try
                {
                    await again();
                }
                catch (RecsysException)
                {
                    // A call of earlier may be refused.
                }

                return await call();
            default:
                return await call();
        }
    }
}
