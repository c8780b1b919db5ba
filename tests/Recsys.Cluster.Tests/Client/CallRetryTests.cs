using Orleans.Runtime;
using Recsys.Client.Calls;
using Recsys.Engine;

namespace Recsys.Cluster.Tests.Client;

public sealed class CallRetryTests
{
    private static readonly CallRetry Retry = new(TimeSpan.FromSeconds(20), TimeSpan.FromMilliseconds(200), mostQuestions: 10);

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
    public async Task No_more_questions_are_under_way_than_may_be_and_none_is_asked_again_because_it_waited_its_turn()
    {
        var retry = new CallRetry(TimeSpan.FromSeconds(20), TimeSpan.FromMilliseconds(500), mostQuestions: 4);
        int underWay = 0, most = 0;
        var answers = Enumerable.Range(0, 100).Select(i => retry.AskAsync(
            async (q, token) =>
            {
                InterlockedMax(ref most, Interlocked.Increment(ref underWay));
                await Task.Delay(40, token); // 25 rounds of it: twice what an answer is waited for
                Interlocked.Decrement(ref underWay);
                return q;
            },
            i,
            CancellationToken.None).AsTask()).ToArray();
        Assert.Equal(Enumerable.Range(0, 100), await Task.WhenAll(answers));
        Assert.Equal((4, 0), (most, retry.Repeated));

        static void InterlockedMax(ref int most, int now)
        {
            for (int seen = Volatile.Read(ref most); now > seen && Interlocked.CompareExchange(ref most, now, seen) != seen;)
            {
                seen = Volatile.Read(ref most);
            }
        }
    }

    [Fact]
    public async Task A_question_without_a_turn_fails_when_patience_ends_and_a_cancelled_one_at_once()
    {
        var retry = new CallRetry(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(20), mostQuestions: 1);
        var held = new TaskCompletionSource<int>();
        var first = retry.AskAsync((_, _) => new ValueTask<int>(held.Task), 0, CancellationToken.None).AsTask();
        var error = await Assert.ThrowsAsync<TimeoutException>(() => Ask(CancellationToken.None));
        Assert.Contains("1 questions are under way", error.Message, StringComparison.Ordinal);
        using var cancel = new CancellationTokenSource();
        var cancelled = Ask(cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        held.SetResult(7);
        Assert.Equal(7, await first);
        Assert.Equal(1, await Ask(CancellationToken.None)); // the turn of each that gave up is not lost

        Task<int> Ask(CancellationToken token) => retry.AskAsync((_, _) => new ValueTask<int>(1), 0, token).AsTask();
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
        var retry = new CallRetry(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1), mostQuestions: 10);
        await Assert.ThrowsAsync<TimeoutException>(() => retry.RunAsync<int, int>((_, _) => throw new TimeoutException(), 0, CancellationToken.None).AsTask());
        Assert.True(retry.Repeated > 0);
    }
}
