namespace Recsys.Engine.Storage;

/// <summary>Another writer has opened the journal: this one must stop; what it was about to append was not appended.</summary>
public sealed class JournalTakenException : RecsysException
{
    /// <summary>Creates the error.</summary>
    public JournalTakenException(string journal)
        : base($"{journal}: another writer has opened this journal")
    {
    }
}
