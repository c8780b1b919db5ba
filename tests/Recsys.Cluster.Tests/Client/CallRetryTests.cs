using Orleans.Runtime;
using Recsys.Client.Calls;
using Recsys.Engine;

namespace Recsys.Cluster.Tests.Client;

public sealed class CallRetryTests
{
    private static readonly CallRetry Retry = new(TimeSpan.FromSeconds(20), TimeSpan.FromMilliseconds(200));

    public static TheoryData<Exception> Away => new(
        new SiloUnavailableException("away"),
        new OrleansException("Current directory is not stable to perform the lookup. Retry later."),
        new TimeoutException());

    [Theory]
    [MemberData(nameof(Away), DisableDiscoveryEnumeration = true)]
    public async Task A_call_that_fails_because_a_silo_is_away_is_repeated_until_it_succeeds(Exception error)
    {
        int attempts = 0;
        int result = await Retry.RunAsync((_, _) => ++attempts < 4 ? throw error : new ValueTask<int>(attempts), 0, CancellationToken.None);
        Assert.Equal(4, result);
    }

    [Fact]
    public async Task A_question_that_is_never_answered_is_asked_again()
    {
        int attempts = 0;
        int result = await Retry.AskAsync(
            (_, _) => ++attempts == 1 ? new ValueTask<int>(new TaskCompletionSource<int>().Task) : new ValueTask<int>(attempts), 0, CancellationToken.None);
        Assert.Equal(2, result);
    }

    [Fact]
    public async Task What_the_cluster_refuses_is_not_repeated()
    {
        int attempts = 0;
        await Assert.ThrowsAsync<InvalidOptionException>(() => Retry.RunAsync<int, int>(
            (_, _) =>
            {
                attempts++;
                throw new InvalidOptionException("no");
            },
            0,
            CancellationToken.None).AsTask());
        Assert.Equal(1, attempts);
    }

    [Fact]
    public async Task Patience_ends_with_the_last_error()
    {
        var retry = new CallRetry(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1));
        await Assert.ThrowsAsync<TimeoutException>(() => retry.RunAsync<int, int>((_, _) => throw new TimeoutException(), 0, CancellationToken.None).AsTask());
        Assert.True(retry.Repeated > 0);
    }
}
