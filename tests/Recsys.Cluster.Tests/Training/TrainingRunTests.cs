using Microsoft.Extensions.Logging.Abstractions;
using Recsys.Engine.Serving;
using Recsys.Engine.Storage;
using Recsys.Grains.Training;

namespace Recsys.Cluster.Tests.Training;

public sealed class TrainingRunTests
{
    private const int Notes = 5;

    [Theory]
    [InlineData(0, Notes + 2)]
    [InlineData(3600, 2)]
    public async Task A_status_is_written_at_the_beginning_and_the_end_and_as_often_between_as_was_asked_for(int everySeconds, int versions)
    {
        var store = new MemoryBlobStore();
        var journal = new TrainingJournal(store, "a");
        var told = new List<long>();
        var run = new TrainingRun(
            Status(), journal, new NotingJob(told), TimeSpan.FromSeconds(everySeconds), [], NullLogger.Instance);
        run.Start();
        await run.Completion;
        Assert.Equal([1, 2, 3, 4, 5], told);
        Assert.EndsWith($"{versions:D12}", (await store.ListAsync("training/a/state/"))[^1]);
        var written = (await new TrainingJournal(store, "a").ReadAsync(CancellationToken.None))!;
        Assert.Equal((TrainingState.Succeeded, "v1", Notes), (written.State, written.Version, (int)written.Done));
    }

    [Fact]
    public async Task One_that_another_coordinator_has_taken_over_stops_at_the_next_writing()
    {
        var store = new MemoryBlobStore();
        var told = new List<long>();
        var job = new NotingJob(told)
        {
            Noted = async () => Assert.True(await Successor(store)),
        };
        var run = new TrainingRun(Status(), new TrainingJournal(store, "a"), job, TimeSpan.Zero, [], NullLogger.Instance);
        run.Start();
        await run.Completion;
        Assert.True(run.Superseded);
        Assert.Equal([1], told);
    }

    private static ClusterTrainingStatus Status() => new()
    {
        Id = "a",
        Request = new ClusterTrainingRequest { Dataset = "small", Algorithm = "als" },
        Started = DateTimeOffset.UtcNow,
    };

    private static async Task<bool> Successor(MemoryBlobStore store)
    {
        var journal = new TrainingJournal(store, "a");
        var status = await journal.ReadAsync(CancellationToken.None);
        return await journal.TryWriteAsync(status!, CancellationToken.None);
    }

    private sealed class NotingJob(List<long> told) : ITrainingJob
    {
        public Func<Task> Noted { get; init; } = () => Task.CompletedTask;

        public async Task<string> RunAsync(TrainingRun run, CancellationToken cancellationToken)
        {
            for (int note = 1; note <= Notes; note++)
            {
                await run.NoteAsync(s => s with { Done = note }, cancellationToken);
                told.Add(run.Status.Done);
                await Noted();
            }

            return "v1";
        }

        public Task CloseAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
