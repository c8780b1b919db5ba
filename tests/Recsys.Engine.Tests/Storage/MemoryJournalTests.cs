using Recsys.Engine.Storage;

namespace Recsys.Engine.Tests.Storage;

public sealed class MemoryJournalTests : TakenJournalContract
{
    protected override IEventJournals Journals { get; } = new MemoryJournals();
}
