using Recsys.Engine.Compute;
using Recsys.Engine.Ease;
using Recsys.Engine.Ease.Distributed;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Tests.Ease.Distributed;

public sealed class EaseCheckpointTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("recsys-checkpoints").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Pieces_come_back_as_they_were_once_the_checkpoint_is_complete()
    {
        var checkpoints = new EaseCheckpoints(new MemoryBlobStore(), "training/t/ease/");
        var blocks = Enumerable.Range(0, 3).Select(b => Block(b * 10, b + 1, 5 - b)).ToArray();
        for (int b = 0; b < 3; b++)
        {
            await checkpoints.SaveAsync(3, 12, b, blocks[b], default);
            await checkpoints.SaveAsync(3, 12, b, blocks[b], default);
        }

        Assert.Empty(await checkpoints.ListAsync(3, default));
        await checkpoints.CompleteAsync(3, 12, 3, default);
        await checkpoints.CompleteAsync(3, 12, 3, default);
        Assert.Equal([12], await checkpoints.ListAsync(3, default));
        foreach (int b in new[] { 2, 0, 1 })
        {
            var block = await checkpoints.LoadAsync(3, 12, b, default);
            Assert.Equal((blocks[b].First, blocks[b].Rows, blocks[b].Columns), (block.First, block.Rows, block.Columns));
            Assert.Equal(blocks[b].ToArray(), block.ToArray());
        }

        await Assert.ThrowsAsync<RecsysException>(() => checkpoints.LoadAsync(3, 12, 3, default));
    }

    [Fact]
    public async Task Deleting_spares_later_checkpoints_other_partitions_and_other_trainings()
    {
        var store = new MemoryBlobStore();
        var checkpoints = new EaseCheckpoints(store, "training/t/ease/");
        var others = new EaseCheckpoints(store, "training/t2/ease/");
        foreach (var (owner, partition, pivots) in new[] { (checkpoints, 1, 4), (checkpoints, 1, 8), (checkpoints, 12, 4), (others, 1, 4) })
        {
            await owner.SaveAsync(partition, pivots, 0, Block(0, 1, 1), default);
            await owner.CompleteAsync(partition, pivots, 1, default);
        }

        await checkpoints.SaveAsync(1, 5, 0, Block(0, 1, 1), default);
        await checkpoints.DeleteAsync(1, 8, default);
        Assert.Equal([8], await checkpoints.ListAsync(1, default));
        Assert.Equal([4], await checkpoints.ListAsync(12, default));
        Assert.Equal([4], await others.ListAsync(1, default));
        await checkpoints.DeleteAsync(1, int.MaxValue, default);
        await checkpoints.DeleteAsync(12, int.MaxValue, default);
        await others.DeleteAsync(1, int.MaxValue, default);
        Assert.Empty(await store.ListAsync(""));
    }

    [Theory]
    [InlineData(6)]
    [InlineData(20)]
    [InlineData(-1)]
    [InlineData(-70)]
    public async Task A_damaged_piece_is_an_error_that_names_it(int at)
    {
        var store = new MemoryBlobStore();
        var checkpoints = new EaseCheckpoints(store, "training/t/ease/");
        await checkpoints.SaveAsync(0, 1, 0, Block(0, 4, 4), default);
        string key = (await store.ListAsync("")).Single();
        byte[] bytes = [.. (await store.GetAsync(key))!];
        if (at < 0)
        {
            bytes = bytes[..^-at];
        }
        else
        {
            bytes[at] ^= 0x40;
        }

        await store.PutAsync(key, bytes, replace: true);
        await Assert.ThrowsAsync<RecsysException>(() => checkpoints.LoadAsync(0, 1, 0, default));
    }

    [Fact]
    public async Task Training_goes_on_from_files_in_new_processes_with_another_number_of_hosts()
    {
        var data = EaseTestData.Bookshop(200, 700);
        var options = new EaseOptions { Regularization = 30 };
        using var expected = EaseTrainer.Train(data, options);
        using var pool = new ComputePool(2);
        var run = new EaseRunOptions { Checkpoints = true, CheckpointEvery = 3 };
        using var stop = new CancellationTokenSource();
        await using (var first = new LocalEase("t", data, options, 3, 3, pool, new FileBlobStore(_folder)))
        {
            var progress = new Cancels(stop, "inverse", 6);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                () => new EaseCoordinator(first.Plan, first.Partitions, run).RunAsync(progress, stop.Token));
        }

        var store = new FileBlobStore(_folder);
        var checkpoints = new EaseCheckpoints(store, "training/t/ease/");
        Assert.Equal([3], await checkpoints.ListAsync(1, default));
        await using var second = new LocalEase("t", data, options, 3, 2, pool, store);
        var coordinator = new EaseCoordinator(second.Plan, second.Partitions, run);
        var outcome = await coordinator.ResumeAsync(null, default);
        using var model = await second.CollectAsync(outcome);
        SameBits.Assert(expected, model);
        Assert.Equal([6, 8], await checkpoints.ListAsync(1, default));
        var layout = new EaseLayout(second.Plan);
        Assert.Equal(2 * EaseTraffic.CheckpointBytes(layout), outcome.Costs.CheckpointBytes);
        await coordinator.EndAsync(default);
        Assert.Empty(await store.ListAsync(""));
    }

    [Theory]
    [InlineData(1e-9, 0)]
    [InlineData(1e9, 4)]
    public async Task Checkpoints_are_written_as_often_as_their_share_of_the_time_allows(double share, int atLeast)
    {
        var data = EaseTestData.Bookshop(200, 1000);
        using var pool = new ComputePool(2);
        await using var local = new LocalEase("t", data, new EaseOptions(), 2, 2, pool, new MemoryBlobStore());
        var run = new EaseRunOptions { Checkpoints = true, CheckpointShare = share };
        var outcome = await new EaseCoordinator(local.Plan, local.Partitions, run).RunAsync(null, default);
        double written = outcome.Costs.CheckpointBytes / (double)EaseTraffic.CheckpointBytes(new EaseLayout(local.Plan));
        Assert.InRange(written, atLeast, atLeast == 0 ? 0 : 11);
    }

    [Fact]
    public async Task A_checkpoint_of_another_shape_is_refused()
    {
        var data = EaseTestData.Bookshop(200, 700);
        var store = new MemoryBlobStore();
        var checkpoints = new EaseCheckpoints(store, "training/t/ease/");
        await checkpoints.SaveAsync(0, 2, 0, Block(0, 3, 3), default);
        await checkpoints.CompleteAsync(0, 2, 1, default);
        using var pool = new ComputePool(2);
        await using var local = new LocalEase("t", data, new EaseOptions(), 1, 1, pool, store);
        var coordinator = new EaseCoordinator(local.Plan, local.Partitions, new EaseRunOptions { Checkpoints = true });
        var error = await Assert.ThrowsAsync<RecsysException>(() => coordinator.ResumeAsync(null, default));
        Assert.Contains("expected 96 x 96 from 0", error.Message, StringComparison.Ordinal);
    }

    private static PanelBlock Block(int first, int rows, int columns) =>
        PanelBlock.Copy(first, rows, columns, [.. Enumerable.Range(1, rows * columns).Select(x => 1f / x)]);

    private sealed class Cancels(CancellationTokenSource source, string phase, int done) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Phase == phase && value.Done >= done)
            {
                source.Cancel();
            }
        }
    }
}
