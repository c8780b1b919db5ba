using Recsys.Engine.Als;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Tests.Als;

/// <summary>What is left of earlier attempts of a stored run, and of coordinators that others have followed, changes nothing.</summary>
public sealed class AlsAttemptTests
{
    private static readonly AlsOptions Options = new() { Factors = 12, Iterations = 6, Partitions = 4, Threads = 1, Solver = AlsSolver.ConjugateGradient };

    [Theory]
    [InlineData(1, false)]
    [InlineData(3, false)]
    [InlineData(3, true)]
    [InlineData(100, false)]
    [InlineData(100, true)]
    public async Task A_coordinator_that_another_has_followed_ends_and_the_model_is_the_same(int every, bool lose)
    {
        var data = AlsTestData.Create(300, 80, 9);
        using var expected = AlsTrainer.Train(data, Options with { Partitions = 1 });
        for (int phase = 0; phase <= 13; phase++)
        {
            using var cluster = await FakeCluster.CreateAsync(data, Options, 2, checkpoints: new AlsCheckpointRule { Every = every });
            var reached = new TaskCompletionSource();
            var first = cluster.Training.TrainAsync(
                cluster.Users,
                cluster.Items,
                () => 1,
                (position, isNew, _) =>
                {
                    if (isNew && position.Phase >= phase)
                    {
                        reached.TrySetResult();
                    }

                    return Task.CompletedTask;
                },
                coordinator: 1);
            await reached.Task;
            if (lose)
            {
                cluster.Lose(phase % 2);
            }

            using var model = await cluster.Follow().TrainAsync(cluster.Users, cluster.Items, () => 1, coordinator: 2);
            AlsTestData.AssertSame(expected, model);

            // Where it was quicker than the one that followed, it has made the same model.
            try
            {
                using var other = await first;
                AlsTestData.AssertSame(expected, other);
            }
            catch (RecsysException e)
            {
                Assert.Contains("later coordinator", e.Message);
            }
            catch (OperationCanceledException)
            {
                // What it had under way was ended.
            }
        }
    }

    [Fact]
    public async Task A_partition_refuses_what_comes_of_an_earlier_attempt()
    {
        var data = AlsTestData.Create(300, 80, 9);
        using var cluster = await FakeCluster.CreateAsync(data, Options, 1);
        using var model = await cluster.TrainAsync();
        var partition = cluster.Users[1];
        await partition.BeginAsync(1L << 40, default);
        await partition.BeginAsync(1L << 40, default);
        Assert.Contains("later coordinator", (await Assert.ThrowsAsync<RecsysException>(() => partition.BeginAsync(7, default))).Message);
        await Assert.ThrowsAsync<RecsysException>(() => partition.RestoreAsync(0, 7, default));
        var late = new HalfEpoch(13, AlsSolver.Cholesky, WithLoss: false, Attempt: 7);
        await Assert.ThrowsAsync<RecsysException>(() => partition.SolveAsync(late, null!, default));
        var rows = await partition.GetFactorsAsync(VirtualBlocks.FirstBlock(1, 4), 0, int.MaxValue, default);
        Assert.Equal(13, rows.Phase);
    }

    [Fact]
    public async Task Factors_of_which_some_only_could_be_restored_are_restored_again()
    {
        // So many rows that their checkpoint is three blobs; the second cannot be read the first time.
        var data = AlsTestData.Create(40_000, 80, 9, meanLength: 4);
        var options = Options with { Partitions = 1, Iterations = 4, Factors = 64 };
        using var expected = AlsTrainer.Train(data, options);
        var store = new FaultyBlobs();
        using var cluster = await FakeCluster.CreateAsync(data, options, 1, checkpoints: new AlsCheckpointRule { Every = 2 }, store: store);
        await Assert.ThrowsAsync<TimeoutException>(() => cluster.Training.TrainAsync(
            cluster.Users,
            cluster.Items,
            () => 1,
            (position, _, _) => position.Phase == 7 ? throw new TimeoutException() : Task.CompletedTask));
        store.Faulty = key => key.StartsWith("training/t/users/00/000003/") && !key.EndsWith("/00000000") && !key.EndsWith("/report");
        await Assert.ThrowsAsync<IOException>(() => cluster.Follow().TrainAsync(cluster.Users, cluster.Items, () => 1, coordinator: 2));
        store.Faulty = null;
        using var model = await cluster.Follow().TrainAsync(cluster.Users, cluster.Items, () => 1, coordinator: 3);
        AlsTestData.AssertSame(expected, model);
    }

    [Fact]
    public async Task A_checkpoint_that_is_not_there_any_more_is_an_error_not_an_endless_return()
    {
        var data = AlsTestData.Create(300, 80, 9);
        using var cluster = await FakeCluster.CreateAsync(data, Options, 2, checkpoints: new AlsCheckpointRule { Every = 2 });
        var error = await Assert.ThrowsAsync<RecsysException>(() => cluster.Training.TrainAsync(
            cluster.Users,
            cluster.Items,
            () => 1,
            async (position, isNew, _) =>
            {
                if (position.Phase == 7 && isNew)
                {
                    await cluster.Store.DeleteAsync("training/t/items/02/000004/");
                    cluster.Lose(0);
                    cluster.Lose(1);
                }
            }));
        Assert.Contains("went back 10 times without coming further than half-epoch 7", error.Message);
    }

    private sealed class FaultyBlobs : IBlobStore
    {
        private readonly MemoryBlobStore _blobs = new();

        public Func<string, bool>? Faulty { get; set; }

        public ValueTask<byte[]?> GetAsync(string key, CancellationToken cancellationToken = default) =>
            Faulty?.Invoke(key) == true ? throw new IOException(key) : _blobs.GetAsync(key, cancellationToken);

        public ValueTask<bool> PutAsync(string key, ReadOnlyMemory<byte> bytes, bool replace = false, CancellationToken cancellationToken = default) =>
            _blobs.PutAsync(key, bytes, replace, cancellationToken);

        public ValueTask<IReadOnlyList<string>> ListAsync(string prefix, CancellationToken cancellationToken = default) => _blobs.ListAsync(prefix, cancellationToken);

        public ValueTask DeleteAsync(string prefix, CancellationToken cancellationToken = default) => _blobs.DeleteAsync(prefix, cancellationToken);
    }
}
