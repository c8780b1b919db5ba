using Recsys.Engine.Storage;

namespace Recsys.Engine.Tests.Storage;

public sealed class FileJournalTests : EventJournalContract, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    protected override IEventJournals Journals => new FileJournals(_folder["journals"]);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_log_is_taken_over_when_its_writer_has_closed_it()
    {
        var first = await Journals.OpenAsync("one");
        var second = Journals.OpenAsync("one").AsTask();
        await Task.Delay(100);
        Assert.False(second.IsCompleted);
        await first.DisposeAsync();
        await using var journal = await second.WaitAsync(TimeSpan.FromSeconds(10));
        await Assert.ThrowsAsync<EventLogInUseException>(
            () => new FileJournals(_folder["journals"], patience: TimeSpan.Zero).OpenAsync("one").AsTask());
        await Assert.ThrowsAsync<InvalidOptionException>(() => Journals.OpenAsync("../one").AsTask());
    }
}
