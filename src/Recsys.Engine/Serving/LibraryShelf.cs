using System.Globalization;

namespace Recsys.Engine.Serving;

/// <summary>The versions of one name, the oldest first.</summary>
internal sealed class LibraryShelf(string name)
{
    private readonly List<LibraryEntry> _entries = [];
    private int _issued;

    public string Name => name;

    public IList<LibraryEntry> Entries => _entries;

    public LibraryEntry? Active { get; private set; }

    public LibraryEntry? Previous { get; private set; }

    public void Add(LibraryEntry entry)
    {
        _entries.Add(entry);
        if (int.TryParse(entry.Version, CultureInfo.InvariantCulture, out int number))
        {
            _issued = Math.Max(_issued, number);
        }
    }

    public string NextVersion() => (++_issued).ToString(CultureInfo.InvariantCulture);

    public void Activate(LibraryEntry entry)
    {
        if (entry != Active)
        {
            Previous = Active;
            Active = entry;
        }
    }

    public void Deactivate()
    {
        Previous = null;
        Active = null;
    }

    public void RollBack(LibraryEntry entry)
    {
        Active = entry;
        int at = _entries.IndexOf(entry);
        Previous = at > 0 ? _entries[at - 1] : null;
    }

    /// <summary>Drops versions that are in memory only and neither active, to roll back to, nor the latest.</summary>
    public void Tidy()
    {
        for (int i = _entries.Count - 2; i >= 0; i--)
        {
            var entry = _entries[i];
            if (entry.Directory is null && entry != Active && entry != Previous)
            {
                entry.Unload();
                _entries.RemoveAt(i);
            }
        }
    }

    /// <summary>Frees the memory of versions that do not answer and can be loaded again.</summary>
    public void UnloadIdle()
    {
        foreach (var entry in _entries.Where(e => e != Active && e.Directory is not null))
        {
            entry.Unload();
        }
    }
}
