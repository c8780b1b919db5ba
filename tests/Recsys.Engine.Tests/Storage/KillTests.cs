using Recsys.CrashProbe;

namespace Recsys.Engine.Tests.Storage;

/// <summary>Processes killed with SIGKILL while they write; tests/durability.sh does the same at length.</summary>
public sealed class KillTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_acknowledged_event_is_there_once_after_five_kills() =>
        Assert.Contains("every one there once", IngestKiller.Run(_folder["log"], 5, Environment.TickCount), StringComparison.Ordinal);

    [Fact]
    public void A_whole_model_is_there_after_four_kills() =>
        Assert.Contains("a whole model", SaveKiller.Run(_folder.Path, 4, Environment.TickCount), StringComparison.Ordinal);

    [Fact]
    [Trait("Category", "Long")]
    public void Every_acknowledged_event_is_there_once_after_two_hundred_kills() =>
        Assert.Contains("every one there once", IngestKiller.Run(_folder["log"], 200, Environment.TickCount), StringComparison.Ordinal);

    [Fact]
    [Trait("Category", "Long")]
    public void A_whole_model_is_there_after_fifty_kills() =>
        Assert.Contains("a whole model", SaveKiller.Run(_folder.Path, 50, Environment.TickCount), StringComparison.Ordinal);
}
