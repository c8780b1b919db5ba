using Recsys.Engine.Compute;

namespace Recsys.Engine.Tests.Compute;

public sealed class ComputePoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public void Every_item_runs_exactly_once(int threads)
    {
        using var pool = new ComputePool(threads);
        for (int count = 0; count < 50; count++)
        {
            var hits = new int[count];
            pool.Run(count, (worker, item) =>
            {
                Assert.InRange(worker, 0, threads - 1);
                Interlocked.Increment(ref hits[item]);
            });
            Assert.All(hits, h => Assert.Equal(1, h));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_loop_within_a_loop_is_an_error_and_not_a_standstill(int threads)
    {
        using var pool = new ComputePool(threads);
        var error = Assert.Throws<InvalidOperationException>(() => pool.Run(1, (_, _) => pool.Run(5, (_, _) => { })));
        Assert.Contains("within a loop", error.Message);
        int hits = 0;
        pool.Run(10, (_, _) => Interlocked.Increment(ref hits));
        Assert.Equal(10, hits);
    }

    [Fact]
    public void The_first_exception_reaches_the_caller_and_the_pool_lives_on()
    {
        using var pool = new ComputePool(3);
        Assert.Throws<InvalidOperationException>(() => pool.Run(100, (_, i) =>
        {
            if (i == 7)
            {
                throw new InvalidOperationException();
            }
        }));
        int sum = 0;
        pool.Run(10, (_, i) => Interlocked.Add(ref sum, i));
        Assert.Equal(45, sum);
    }

    [Fact]
    public void Cancellation_stops_the_loop()
    {
        using var pool = new ComputePool(2);
        using var source = new CancellationTokenSource();
        int ran = 0;
        Assert.Throws<OperationCanceledException>(() => pool.Run(
            1_000_000,
            (_, _) =>
            {
                if (Interlocked.Increment(ref ran) == 10)
                {
                    source.Cancel();
                }
            },
            source.Token));
        Assert.True(ran < 1_000_000);
    }
}
