using Recsys.Engine.Compute;
using Recsys.Engine.Ease;
using Recsys.Engine.Ease.Distributed;

namespace Recsys.Engine.Tests.Ease.Distributed;

public sealed class EaseCheckpointTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("recsys-checkpoints").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    public static TheoryData<bool> Stores => [false, true];

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task Pieces_come_back_as_they_were_once_the_checkpoint_is_complete(bool files)
    {
        IEaseCheckpoints store = files ? new FileCheckpoints(_folder) : new MemoryCheckpoints();
        var name = new EaseCheckpoint("a/b ..", 3, 12);
        var blocks = Enumerable.Range(0, 3).Select(b => Block(b * 10, b + 1, 5 - b)).ToArray();
        for (int b = 0; b < 3; b++)
        {
            await store.SaveAsync(name, b, blocks[b], default);
        }

        Assert.Empty(await store.ListAsync("a/b ..", 3, default));
        await Assert.ThrowsAsync<RecsysException>(() => store.LoadAsync(name, 0, default));
        await store.CompleteAsync(name, 3, default);
        await store.CompleteAsync(name, 3, default);
        Assert.Equal([12], await store.ListAsync("a/b ..", 3, default));
        foreach (int b in new[] { 2, 0, 1 })
        {
            var block = await store.LoadAsync(name, b, default);
            Assert.Equal((blocks[b].First, blocks[b].Rows, blocks[b].Columns), (block.First, block.Rows, block.Columns));
            Assert.Equal(blocks[b].ToArray(), block.ToArray());
        }

        // Begun anew it is replaced when the new one is complete.
        await store.SaveAsync(name, 0, blocks[2], default);
        await store.CompleteAsync(name, 1, default);
        Assert.Equal(blocks[2].ToArray(), (await store.LoadAsync(name, 0, default)).ToArray());
        await Assert.ThrowsAsync<RecsysException>(() => store.LoadAsync(name, 1, default));
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task Deleting_spares_later_checkpoints_other_partitions_and_other_trainings(bool files)
    {
        IEaseCheckpoints store = files ? new FileCheckpoints(_folder) : new MemoryCheckpoints();
        foreach (var name in new EaseCheckpoint[] { new("t", 1, 4), new("t", 1, 8), new("t", 12, 4), new("t2", 1, 4), new("t", 1, 0) })
        {
            await store.SaveAsync(name, 0, Block(0, 1, 1), default);
            await store.CompleteAsync(name, 1, default);
        }

        await store.SaveAsync(new EaseCheckpoint("t", 1, 5), 0, Block(0, 1, 1), default);
        await store.DeleteAsync("t", 1, 8, default);
        Assert.Equal([8], await store.ListAsync("t", 1, default));
        Assert.Equal([4], await store.ListAsync("t", 12, default));
        Assert.Equal([4], await store.ListAsync("t2", 1, default));
        await store.DeleteAsync("t", 1, int.MaxValue, default);
        await store.DeleteAsync("t", 12, int.MaxValue, default);
        await store.DeleteAsync("t2", 1, int.MaxValue, default);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
    }

    [Theory]
    [InlineData(2, "not between")]
    [InlineData(20, "damaged")]
    [InlineData(-1, "ends")]
    public async Task A_damaged_file_is_an_error_that_names_it(int at, string message)
    {
        var store = new FileCheckpoints(_folder);
        var name = new EaseCheckpoint("t", 0, 1);
        await store.SaveAsync(name, 0, Block(0, 4, 4), default);
        await store.CompleteAsync(name, 1, default);
        string path = Directory.GetFiles(_folder, "*", SearchOption.AllDirectories).Single();
        byte[] bytes = await File.ReadAllBytesAsync(path);
        if (at < 0)
        {
            await File.WriteAllBytesAsync(path, bytes[..^3]);
        }
        else
        {
            bytes[at == 2 ? 6 : at] ^= 0x40;
            await File.WriteAllBytesAsync(path, bytes);
        }

        var error = await Assert.ThrowsAsync<RecsysException>(() => store.LoadAsync(name, 0, default));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
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
        await using (var first = new LocalEase("t", data, options, 3, 3, pool, new FileCheckpoints(_folder)))
        {
            var progress = new Cancels(stop, "inverse", 6);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                () => new EaseCoordinator(first.Plan, first.Partitions, run).RunAsync(progress, stop.Token));
        }

        var store = new FileCheckpoints(_folder);
        Assert.Equal([3], await store.ListAsync("t", 1, default));
        await using var second = new LocalEase("t", data, options, 3, 2, pool, store);
        var coordinator = new EaseCoordinator(second.Plan, second.Partitions, run);
        var outcome = await coordinator.ResumeAsync(null, default);
        using var model = await second.CollectAsync(outcome);
        SameBits.Assert(expected, model);
        Assert.Equal([6, 8], await store.ListAsync("t", 1, default));
        var layout = new EaseLayout(second.Plan);
        Assert.Equal(2 * EaseTraffic.CheckpointBytes(layout), outcome.Costs.CheckpointBytes);
        await coordinator.EndAsync(default);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
    }

    [Fact]
    public async Task A_checkpoint_of_another_shape_is_refused()
    {
        var data = EaseTestData.Bookshop(200, 700);
        var store = new MemoryCheckpoints();
        await store.SaveAsync(new EaseCheckpoint("t", 0, 2), 0, Block(0, 3, 3), default);
        await store.CompleteAsync(new EaseCheckpoint("t", 0, 2), 1, default);
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
