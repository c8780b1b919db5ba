namespace Recsys.Engine.Storage;

/// <summary>The event log is open elsewhere, in this process or another.</summary>
public sealed class EventLogInUseException : RecsysException
{
    /// <summary>Creates the error.</summary>
    public EventLogInUseException(string directory)
        : base($"{directory}: another process has this event log open")
    {
    }
}
