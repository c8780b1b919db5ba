using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Ease;
using Recsys.Engine.Ease.Distributed;
using Recsys.Engine.Numerics;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Tests.Ease.Distributed;

public sealed class EaseRecoveryTests : IDisposable
{
    private static readonly Dataset Data = EaseTestData.Weighted(EaseTestData.Bookshop(150, 480));
    private static readonly EaseOptions Options = new() { Regularization = 30, Threads = 2 };
    private readonly ComputePool _pool = new(2);
    private readonly EaseModel _expected = EaseTrainer.Train(Data, Options);

    public void Dispose()
    {
        _expected.Dispose();
        _pool.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Lost_repeated_and_reordered_calls_give_the_same_bits(int seed)
    {
        int next = seed * 100;
        await using var local = new LocalEase(
            "t", Data, Options, 3, 3, _pool, new MemoryBlobStore(), wire: target => new FaultyPartition(target, next++, 0.08));
        var coordinator = new EaseCoordinator(local.Plan, local.Partitions, new EaseRunOptions { Checkpoints = true, CheckpointEvery = 3 });
        var outcome = await coordinator.RunAsync(null, default);
        using var model = await local.CollectAsync(outcome);
        SameBits.Assert(_expected, model);

        // How many depends on how often a step is asked whether it has ended.
        Assert.True(local.Partitions.Sum(p => ((FaultyPartition)p).Faults) > 0);
    }

    [Theory]
    [InlineData(false, true, 1)]
    [InlineData(true, false, 1)]
    [InlineData(true, true, 0)]
    public async Task A_partition_lost_at_any_call_costs_time_but_no_bit(bool checkpoints, bool after, int lost)
    {
        string[] calls = ["begin", "start Gram", "start Sweep", "pivot", "panel", "start Exchange", "columns", "start Weights"];
        foreach (string call in checkpoints ? [.. calls, "start Save"] : calls)
        {
            // At the first, fourth, … call of that name, until there are not as many.
            for (int number = 1; await LoseAtAsync(call, number, checkpoints, after, lost); number *= 4)
            {
            }
        }
    }

    [Fact]
    public async Task A_new_coordinator_goes_on_where_the_lost_one_was()
    {
        var store = new MemoryBlobStore();
        await using var local = new LocalEase("t", Data, Options, 3, 2, _pool, store);
        var options = new EaseRunOptions { Checkpoints = true, CheckpointEvery = 2 };
        var first = new EaseCoordinator(local.Plan, local.Partitions, options);
        await Assert.ThrowsAsync<RecsysException>(() => first.RunAsync(new StopAt("checkpoint"), default));
        Assert.Equal([2], await new EaseCheckpoints(store, "training/t/ease/").ListAsync(0, default));

        // Everybody ended when the first one failed, so that this starts from the checkpoint.
        var told = new List<TrainingProgress>();
        var outcome = await new EaseCoordinator(local.Plan, local.Partitions, options).ResumeAsync(new Told(told), default);
        using var model = await local.CollectAsync(outcome);
        SameBits.Assert(_expected, model);
        Assert.Equal(2, outcome.Attempt);
        Assert.True(told.First(t => t.Phase == "inverse").Done >= 2);
    }

    [Fact]
    public async Task A_training_may_be_stopped_and_resumed_any_number_of_times()
    {
        await using var local = new LocalEase("t", Data, Options, 2, 2, _pool, new MemoryBlobStore());
        var options = new EaseRunOptions { Checkpoints = true, CheckpointEvery = 1, MaxAttempts = 1 };
        for (int stop = 1; stop <= 4; stop++)
        {
            var coordinator = new EaseCoordinator(local.Plan, local.Partitions, options);
            await Assert.ThrowsAsync<RecsysException>(() => coordinator.ResumeAsync(new StopAt("checkpoint"), default));
        }

        var last = new EaseCoordinator(local.Plan, local.Partitions, options);
        var outcome = await last.ResumeAsync(null, default);
        Assert.Equal(5, outcome.Attempt);
        using (var model = await local.CollectAsync(outcome))
        {
            SameBits.Assert(_expected, model);
        }

        // Lost before it was collected: made again.
        await local.LoseAsync(1);
        await Assert.ThrowsAsync<PartitionUnreachableException>(() => local.CollectAsync(outcome));
        outcome = await new EaseCoordinator(local.Plan, local.Partitions, options).ResumeAsync(null, default);
        using var again = await local.CollectAsync(outcome);
        SameBits.Assert(_expected, again);
    }

    [Fact]
    public async Task A_new_coordinator_takes_partitions_as_they_stand()
    {
        await using var local = new LocalEase("t", Data, Options, 3, 2, _pool);
        var p = local.Partitions;
        for (int i = 0; i < 3; i++)
        {
            await p[i].BeginAsync(local.Plan, 5, true, default);
            await p[i].StartAsync(new EaseStep("t", 5, EasePhase.Gram), default);
            await p[i].ReportAsync(10_000, default);
        }

        // One is asked for three pivots, the others not yet.
        await p[0].StartAsync(new EaseStep("t", 5, EasePhase.Sweep, 3), default);
        var outcome = await new EaseCoordinator(local.Plan, p).ResumeAsync(null, default);
        Assert.Equal(5, outcome.Attempt);
        using var model = await local.CollectAsync(outcome);
        SameBits.Assert(_expected, model);
    }

    [Fact]
    public async Task Steps_out_of_order_and_of_earlier_attempts_are_refused_and_change_nothing()
    {
        await using var local = new LocalEase("t", Data, Options, 1, 1, _pool);
        var p = local.Partitions[0];
        await p.BeginAsync(local.Plan, 2, true, default);
        foreach (var phase in new[] { EasePhase.Sweep, EasePhase.Save, EasePhase.Exchange, EasePhase.Weights })
        {
            await Assert.ThrowsAsync<RecsysException>(() => p.StartAsync(new EaseStep("t", 2, phase, 3), default));
        }

        await Assert.ThrowsAsync<RecsysException>(() => p.StartAsync(new EaseStep("t", 1, EasePhase.Gram), default));
        await Assert.ThrowsAsync<PartitionUnreachableException>(async () => await p.GetColumnsAsync("t", 2, EaseStage.Finished, 0, 1, 1, default));
        Assert.Equal(EaseStage.Empty, (await p.StartAsync(new EaseStep("other", 2, EasePhase.Gram), default)).Stage);
        Assert.Equal(EaseStage.Empty, (await p.StartAsync(new EaseStep("t", 3, EasePhase.Gram), default)).Stage);
        await Assert.ThrowsAsync<RecsysException>(() => p.BeginAsync(local.Plan with { Training = "other" }, 9, true, default));
        await Assert.ThrowsAsync<RecsysException>(
            () => p.BeginAsync(local.Plan with { Interactions = 7 }, 3, true, default));
        Assert.Equal(2, (await p.BeginAsync(local.Plan, 1, true, default)).Attempt);
        Assert.Null(await p.GetPanelAsync("t", 2, 0, 0, 1, 5, default));
        await Assert.ThrowsAsync<RecsysException>(async () => await p.GetPanelAsync("t", 1, 0, 0, 1, 5, default));
    }

    [Fact]
    public async Task A_coordinator_whose_training_was_taken_over_ends_with_an_error()
    {
        await using var local = new LocalEase("t", Data, Options, 2, 1, _pool);
        var old = new EaseCoordinator(local.Plan, local.Partitions);
        Task<EaseOutcome>? other = null;
        using var began = new ManualResetEventSlim();
        var takeOver = new Does("gram", () =>
        {
            // The old one goes on when the partitions follow the new one: else it might end before.
            other ??= Task.Run(() => new EaseCoordinator(local.Plan, local.Partitions).RunAsync(new Does("gram", began.Set), default));
            began.Wait(TimeSpan.FromSeconds(30));
        });
        var error = await Assert.ThrowsAsync<RecsysException>(() => old.RunAsync(takeOver, default));
        Assert.Contains("attempt 2", error.Message, StringComparison.Ordinal);
        var outcome = await other!;
        using var model = await local.CollectAsync(outcome);
        SameBits.Assert(_expected, model);
    }

    [Fact]
    public async Task Cancelling_ends_the_work_of_all_partitions()
    {
        using var source = new CancellationTokenSource();
        int panels = 0;
        Task Cancel(string call)
        {
            panels += call == "panel" ? 1 : 0;
            return panels == 3 ? source.CancelAsync() : Task.CompletedTask;
        }

        await using var local = new LocalEase("t", Data, Options, 2, 2, _pool, wire: target => new HookedPartition(target, Cancel));
        var coordinator = new EaseCoordinator(local.Plan, local.Partitions);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => coordinator.RunAsync(null, source.Token));
        foreach (var p in local.Partitions)
        {
            var report = await p.ReportAsync(0, default);
            Assert.Equal((EaseStage.Empty, false, ""), (report.Stage, report.Running, report.Training));
        }
    }

    [Fact]
    public async Task A_gram_matrix_that_is_not_positive_definite_ends_the_training_with_its_pivot()
    {
        // Two items always taken together: their rows of G differ by λ alone, which float32 cannot see beside the counts.
        var weights = new double[3, 200];
        for (int i = 0; i < 200; i++)
        {
            weights[0, i] = 4000;
        }

        var data = EaseTestData.FromDense(weights);
        var options = new EaseOptions { Regularization = 1e-6 };
        var single = Assert.Throws<NotPositiveDefiniteException>(() => EaseTrainer.Train(data, options));
        await using var local = new LocalEase("t", data, options, 2, 2, _pool);
        var error = await Assert.ThrowsAsync<NotPositiveDefiniteException>(
            () => new EaseCoordinator(local.Plan, local.Partitions).RunAsync(null, default));
        Assert.Equal((single.Pivot, single.Value, single.Message), (error.Pivot, error.Value, error.Message));
    }

    private async Task<bool> LoseAtAsync(string call, int number, bool checkpoints, bool after, int lost)
    {
        LocalEase? local = null;
        int index = 0;
        await using (local = new LocalEase("t", Data, Options, 2, 2, _pool, checkpoints ? new MemoryBlobStore() : null, wire: target =>
        {
            int p = index++;
            return new CrashingPartition(target, p == lost ? call : "", number, after, () => local!.LoseAsync(p));
        }))
        {
            var options = new EaseRunOptions { Checkpoints = checkpoints, CheckpointEvery = 2 };
            var outcome = await new EaseCoordinator(local.Plan, local.Partitions, options).RunAsync(null, default);
            bool crashed = ((CrashingPartition)local.Partitions[lost]).HasCrashed;
            Assert.True(crashed || number > 1, $"never called: {call}");
            if (crashed)
            {
                using var model = await local.CollectAsync(outcome);
                SameBits.Assert(_expected, model);
            }

            return crashed;
        }
    }

    private sealed class StopAt(string phase) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Phase == phase && value.Done == value.Total)
            {
                throw new RecsysException("stopped");
            }
        }
    }

    private sealed class Does(string phase, Action action) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Phase == phase)
            {
                action();
            }
        }
    }

    private sealed class Told(List<TrainingProgress> told) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => told.Add(value);
    }
}
