using System.Runtime.InteropServices;
using Recsys.Engine.Data;

namespace Recsys.Engine.Storage;

/// <summary>The files of a model as they are going to be, of what it is made of. Histories stay where they are in memory until it is disposed of.</summary>
internal sealed unsafe class ModelImage : IDisposable
{
    private readonly ModelContents _contents;
    private readonly List<GCHandle> _pins = [];

    /// <summary>The files of a model; its arrays must stay as they are until they have been read.</summary>
    /// <exception cref="RecsysException">The parts do not fit each other.</exception>
    public ModelImage(ModelContents contents)
    {
        Check(contents);
        _contents = contents;
        var (offsets, columns, values) = contents.Histories.Arrays;
        Files =
        [
            (ModelFiles.ArraysFile, new SafetensorsImage(contents.Tensors)),
            (StoredTables.IdsFile, new SafetensorsImage(StoredTables.FromIds(contents.Users, contents.Items))),
            (StoredTables.HistoriesFile, new SafetensorsImage(StoredTables.FromHistories(
                contents.Histories, (long*)Pin(offsets), (int*)Pin(columns), (float*)Pin(values)))),
        ];
    }

    /// <summary>The files, but for the manifest.</summary>
    public IReadOnlyList<(string Name, SafetensorsImage Image)> Files { get; }

    /// <summary>The manifest that says so of them.</summary>
    public Manifest Describe(IReadOnlyDictionary<string, ChunkedFile> files)
    {
        var facts = _contents.Facts.DataFingerprint.Length > 0
            ? _contents.Facts
            : _contents.Facts with { DataFingerprint = DataFingerprint.Compute(_contents.Users, _contents.Items, _contents.Histories) };
        return new Manifest(EngineFacts.Version, facts, _contents.Users.Count, _contents.Items.Count, _contents.Histories.Count, files);
    }

    public void Dispose()
    {
        _pins.ForEach(p => p.Free());
        _pins.Clear();
    }

    private static void Check(ModelContents contents)
    {
        if (contents.Histories.Rows != contents.Users.Count || contents.Histories.Columns != contents.Items.Count)
        {
            throw new RecsysException(
                $"histories of {contents.Histories.Rows} × {contents.Histories.Columns} do not fit {contents.Users.Count} users and {contents.Items.Count} items");
        }

        if (contents.Facts.Algorithm.Length == 0 || contents.Tensors.ContainsKey("__metadata__"))
        {
            throw new RecsysException("a model to be stored needs an algorithm's name, and no array may be named '__metadata__'");
        }
    }

    private void* Pin(Array? array)
    {
        var pin = GCHandle.Alloc(array, GCHandleType.Pinned);
        _pins.Add(pin);
        return (void*)pin.AddrOfPinnedObject();
    }
}
