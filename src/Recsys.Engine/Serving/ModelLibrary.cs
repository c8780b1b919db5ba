using System.Collections.Frozen;
using System.Globalization;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Serving;

/// <summary>
/// The models of a service: by name, each with its versions, one of them active. Activating swaps the version
/// atomically; requests that run keep the one they hold, and its memory is freed after the last of them. A version that
/// is only in memory is kept while it is active or the one to roll back to.
/// </summary>
public sealed class ModelLibrary : IModelVersions, IHistories, ILiveModels, IDisposable
{
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _loading = new(1);
    private readonly Dictionary<string, LibraryShelf> _shelves = new(StringComparer.Ordinal);
    private readonly ModelFolder? _folder;
    private readonly bool _firstIsDefault = true;
    private readonly ServingOptions _options;
    private Snapshot _live = new(FrozenDictionary<string, LiveModel>.Empty, null);
    private string? _default;

    /// <summary>An empty library that lives in memory only.</summary>
    public ModelLibrary(ServingOptions? options = null) => _options = options ?? ServingOptions.Default;

    private ModelLibrary(ModelFolder folder, bool firstIsDefault, ServingOptions? options)
        : this(options)
    {
        _folder = folder;
        _firstIsDefault = firstIsDefault;
    }

    /// <summary>
    /// The models stored under <paramref name="directory"/>, <c>NAME/VERSION</c> each. Models added later are stored
    /// there, and which versions are active survives a restart.
    /// </summary>
    /// <param name="directory">Where they are stored.</param>
    /// <param name="firstIsDefault">Whether the first model there is answers when none is named, and all are active from the start.</param>
    /// <param name="options">How the models answer; null for the defaults.</param>
    /// <param name="cancellationToken">Stops loading.</param>
    /// <exception cref="RecsysException">An active model is damaged.</exception>
    public static ModelLibrary Open(
        string directory, bool firstIsDefault = true, ServingOptions? options = null, CancellationToken cancellationToken = default)
    {
        var folder = new ModelFolder(directory);
        var library = new ModelLibrary(folder, firstIsDefault, options);
        foreach (var stored in folder.Scan())
        {
            library.ShelfOf(stored.Model).Add(new LibraryEntry(stored));
        }

        library.Restore(folder.ReadChoice(), cancellationToken);
        return library;
    }

    /// <summary>The model that was chosen to answer when none is named; null where none was.</summary>
    internal string? Default
    {
        get
        {
            lock (_gate)
            {
                return _default;
            }
        }
    }

    /// <summary>Whether a model answers.</summary>
    public bool IsReady => Volatile.Read(ref _live).Default is not null;

    /// <summary>Adds a trained model as the next version of its name; the library owns it from now on.</summary>
    /// <param name="name">The model's name.</param>
    /// <param name="model">The model.</param>
    /// <param name="activate">Whether it answers at once; the first version of a name always does.</param>
    /// <param name="metrics">What was measured on held-out data; null for what the model says of itself.</param>
    /// <param name="cancellationToken">Stops storing.</param>
    public ModelVersion Add(
        string name,
        IRecommenderModel model,
        bool activate = true,
        IReadOnlyDictionary<string, double>? metrics = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        CheckName(name);
        var contents = model.ToContents();
        contents = metrics is null ? contents : contents with { Facts = contents.Facts with { Metrics = metrics } };
        string version;
        lock (_gate)
        {
            version = ShelfOf(name).NextVersion();
        }

        string? directory = _folder?.Save(name, version, contents, cancellationToken);
        return Add(new LibraryEntry(name, version, contents.Facts, model, directory) { Loaded = new LiveModel(name, version, model, _options) }, activate);
    }

    /// <summary>Loads a stored model as the next version of a name. Its directory must stay where it is.</summary>
    /// <exception cref="RecsysException">It is missing or damaged.</exception>
    public ModelVersion Load(string name, string directory, bool activate = true, CancellationToken cancellationToken = default)
    {
        CheckName(name);
        string version;
        lock (_gate)
        {
            version = ShelfOf(name).NextVersion();
        }

        var model = Algorithms.Load(directory, cancellationToken);
        var facts = model.ToContents().Facts;
        return Add(new LibraryEntry(name, version, facts, model, Path.GetFullPath(directory)) { Loaded = new LiveModel(name, version, model, _options) }, activate);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ModelVersion>> ListAsync(CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            return new([.. _shelves.Values
                .OrderBy(s => s.Name, StringComparer.Ordinal)
                .SelectMany(s => s.Entries.Reverse())
                .Select(Describe)]);
        }
    }

    /// <summary>The histories that the default model was trained on.</summary>
    public ValueTask<Dataset> GetHistoriesAsync(CancellationToken cancellationToken = default)
    {
        using var lease = Hold(null);
        var model = lease.Live.Model;
        return new(new Dataset(model.Users, model.Items, model.Histories) { Name = $"histories of {lease.Live.Name}" });
    }

    /// <inheritdoc/>
    public async ValueTask<ModelVersion> ActivateAsync(
        string model, string? version, bool makeDefault, CancellationToken cancellationToken = default)
    {
        LibraryEntry entry;
        lock (_gate)
        {
            var shelf = Find(model);
            entry = (version is null ? shelf.Active : shelf.Entries.FirstOrDefault(e => e.Version == version))
                ?? throw new UnknownIdException("version", $"{model}/{version}");
        }

        return await SwitchAsync(entry, makeDefault, rollBack: false, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<ModelVersion> RollBackAsync(string model, CancellationToken cancellationToken = default)
    {
        LibraryEntry entry;
        lock (_gate)
        {
            entry = Find(model).Previous
                ?? throw new InvalidOptionException($"model '{model}' has no earlier version to return to");
        }

        return await SwitchAsync(entry, makeDefault: false, rollBack: true, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Whether a version of that name is active.</summary>
    internal bool IsActive(string name) => Volatile.Read(ref _live).ByName.ContainsKey(name);

    /// <summary>Whether there is a version to roll back to.</summary>
    internal bool CanRollBack(string name)
    {
        lock (_gate)
        {
            return _shelves.TryGetValue(name, out var shelf) && shelf.Previous is not null;
        }
    }

    /// <summary>Lets no version of a name answer.</summary>
    internal void Deactivate(string name)
    {
        lock (_gate)
        {
            if (_shelves.TryGetValue(name, out var shelf))
            {
                shelf.Deactivate();
                Publish();
            }
        }
    }

    /// <summary>Notes which name answers when none is named, whoever answers for it.</summary>
    internal void SetDefault(string name)
    {
        lock (_gate)
        {
            _default = name;
            Publish();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            Volatile.Write(ref _live, new Snapshot(FrozenDictionary<string, LiveModel>.Empty, null));
            foreach (var entry in _shelves.Values.SelectMany(s => s.Entries))
            {
                entry.Unload();
            }

            _shelves.Clear();
        }

        _loading.Dispose();
    }

    LiveModelLease ILiveModels.Hold(string? name) => Hold(name);

    /// <inheritdoc cref="ILiveModels.Hold"/>
    internal LiveModelLease Hold(string? name)
    {
        while (true)
        {
            var snapshot = Volatile.Read(ref _live);
            var live = name is null ? snapshot.Default : snapshot.ByName.GetValueOrDefault(name);
            if (live is null)
            {
                throw new InvalidOptionException(
                    name is null ? "no model is active yet" : $"unknown model '{name}'; there are {string.Join(", ", snapshot.ByName.Keys.Order(StringComparer.Ordinal))}");
            }

            // It fails only in the instant after a swap: the snapshot is another by then.
            if (live.TryAcquire())
            {
                return new LiveModelLease(live);
            }
        }
    }

    internal static void CheckName(string name)
    {
        if (name.Length is 0 or > 64 || name.AsSpan().ContainsAnyExcept(NameCharacters) || name[0] == '.')
        {
            throw new InvalidOptionException(
                $"model name: expected 1 to 64 of a-z, A-Z, 0-9, '-', '_' and '.', not beginning with '.', found '{name}'");
        }
    }

    private static readonly System.Buffers.SearchValues<char> NameCharacters =
        System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

    private ModelVersion Add(LibraryEntry entry, bool activate)
    {
        lock (_gate)
        {
            var shelf = ShelfOf(entry.Model);
            shelf.Add(entry);
            if (activate || (_firstIsDefault && shelf.Active is null))
            {
                shelf.Activate(entry);
                _default ??= _firstIsDefault ? entry.Model : null;
            }

            shelf.Tidy();
            Publish();
            return Describe(entry);
        }
    }

    private async Task<ModelVersion> SwitchAsync(LibraryEntry entry, bool makeDefault, bool rollBack, CancellationToken cancellationToken)
    {
        await _loading.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (entry.Loaded is null)
            {
                var model = await Task.Run(
                    () => Algorithms.Load(entry.Directory!, OpenOptions.BesideServing, cancellationToken), cancellationToken).ConfigureAwait(false);
                entry.Loaded = new LiveModel(entry.Model, entry.Version, model, _options);
            }

            lock (_gate)
            {
                var shelf = Find(entry.Model);
                if (rollBack)
                {
                    shelf.RollBack(entry);
                }
                else
                {
                    shelf.Activate(entry);
                }

                _default = makeDefault ? entry.Model : _default ?? (_firstIsDefault ? entry.Model : null);
                shelf.Tidy();
                Publish();
                return Describe(entry);
            }
        }
        finally
        {
            _loading.Release();
        }
    }

    private void Restore(ModelChoice choice, CancellationToken cancellationToken)
    {
        foreach (var shelf in _shelves.Values)
        {
            string? wanted = choice.Active.GetValueOrDefault(shelf.Name);
            if (shelf.Entries.FirstOrDefault(e => e.Version == wanted) is not { } entry)
            {
                if (!_firstIsDefault)
                {
                    continue;
                }

                entry = shelf.Entries[^1];
            }

            entry.Loaded = new LiveModel(entry.Model, entry.Version, Algorithms.Load(entry.Directory!, cancellationToken), _options);
            shelf.Activate(entry);
        }

        _default = choice.Default is { } name && (_shelves.ContainsKey(name) || !_firstIsDefault)
            ? name
            : _firstIsDefault ? _shelves.Keys.Order(StringComparer.Ordinal).FirstOrDefault() : null;
        Publish();
    }

    private LibraryShelf ShelfOf(string name)
    {
        if (!_shelves.TryGetValue(name, out var shelf))
        {
            shelf = new LibraryShelf(name);
            _shelves.Add(name, shelf);
        }

        return shelf;
    }

    private LibraryShelf Find(string name) =>
        _shelves.TryGetValue(name, out var shelf) && shelf.Entries.Count > 0 ? shelf : throw new UnknownIdException("model", name);

    private ModelVersion Describe(LibraryEntry entry)
    {
        bool active = _shelves[entry.Model].Active == entry;
        return new ModelVersion(
            entry.Model,
            entry.Version,
            active,
            active && entry.Model == _default,
            entry.Directory is not null,
            entry.Users,
            entry.Items,
            entry.Interactions,
            entry.Facts);
    }

    private void Publish()
    {
        var active = _shelves.Values.Where(s => s.Active is not null).ToDictionary(s => s.Name, s => s.Active!);
        Volatile.Write(ref _live, new Snapshot(
            active.ToFrozenDictionary(a => a.Key, a => a.Value.Loaded!, StringComparer.Ordinal),
            _default is null ? null : active.GetValueOrDefault(_default)?.Loaded));
        _folder?.WriteChoice(new ModelChoice(_default, active.ToDictionary(a => a.Key, a => a.Value.Version)));
        foreach (var shelf in _shelves.Values)
        {
            shelf.UnloadIdle();
        }
    }

    private sealed record Snapshot(FrozenDictionary<string, LiveModel> ByName, LiveModel? Default);
}
