using Recsys.Engine.Compute;

namespace Recsys.Engine.Tests.Compute;

public sealed class ComputeQueueTests
{
    [Fact]
    public async Task Loops_run_one_after_the_other_in_the_order_they_came()
    {
        using var pool = new ComputePool(3);
        using var queue = new ComputeQueue(pool);
        var order = new List<int>();
        int running = 0;
        await Task.WhenAll(Enumerable.Range(0, 20).Select(loop => queue.RunAsync(5, (_, item) =>
        {
            Interlocked.Increment(ref running);
            lock (order)
            {
                order.Add(loop);
            }

            Interlocked.Decrement(ref running);
        })));
        Assert.Equal(order.Order(), order);
        Assert.Equal(100, order.Count);
    }

    [Fact]
    public async Task No_thread_of_the_thread_pool_works()
    {
        using var pool = new ComputePool(2);
        using var queue = new ComputeQueue(pool);
        int onPool = 0;
        await queue.RunAsync(50, (_, _) => Interlocked.Add(ref onPool, Thread.CurrentThread.IsThreadPoolThread ? 1 : 0));
        Assert.Equal(0, onPool);
    }

    [Fact]
    public async Task Errors_and_cancellation_reach_the_caller_and_the_queue_lives_on()
    {
        using var pool = new ComputePool(2);
        using var queue = new ComputeQueue(pool);
        await Assert.ThrowsAsync<InvalidOperationException>(() => queue.RunAsync(5, (_, _) => throw new InvalidOperationException()));
        using var source = new CancellationTokenSource();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => queue.RunAsync(5, (_, _) => { }, source.Token));
        int sum = 0;
        await queue.RunAsync(10, (_, i) => Interlocked.Add(ref sum, i));
        Assert.Equal(45, sum);
        queue.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => queue.RunAsync(1, (_, _) => { }));
    }

    [Fact]
    public async Task What_is_queued_is_finished_before_the_end()
    {
        using var pool = new ComputePool(1);
        var queue = new ComputeQueue(pool);
        using var hold = new ManualResetEventSlim();
        var first = queue.RunAsync(1, (_, _) => hold.Wait());
        var others = Enumerable.Range(0, 3).Select(i => queue.RunAsync(() => i)).ToArray();
        Assert.True(SpinWait.SpinUntil(() => queue.Waiting == 3, TimeSpan.FromSeconds(10)));
        var end = Task.Run(queue.Dispose);
        hold.Set();
        await end;
        await first;
        int[] results = await Task.WhenAll(others);
        Assert.Equal([0, 1, 2], results);
        Assert.Equal(0, queue.Waiting);
    }
}
