namespace Recsys.Engine.Storage;

/// <summary>Journals by name, wherever they are kept.</summary>
public interface IEventJournals
{
    /// <summary>
    /// Opens a journal, creating it where there is none, and becomes its writer. Everything that an earlier writer was
    /// told is durable is in it.
    /// </summary>
    /// <param name="name">Letters, digits, '-' and '_'.</param>
    /// <param name="cancellationToken">Stops opening.</param>
    /// <exception cref="RecsysException">It is damaged, or its earlier writer cannot be displaced.</exception>
    ValueTask<IEventJournal> OpenAsync(string name, CancellationToken cancellationToken = default);
}
