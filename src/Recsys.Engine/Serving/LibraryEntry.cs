using Recsys.Engine.Models;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Serving;

/// <summary>A version of a model in a library, loaded or not.</summary>
internal sealed class LibraryEntry
{
    public LibraryEntry(string model, string version, ModelFacts facts, IRecommenderModel trained, string? directory)
    {
        Model = model;
        Version = version;
        Facts = facts;
        Users = trained.Users.Count;
        Items = trained.Items.Count;
        Interactions = trained.Histories.Count;
        Directory = directory;
    }

    public LibraryEntry(ModelFolder.Stored stored)
    {
        Model = stored.Model;
        Version = stored.Version;
        Facts = stored.Facts;
        Users = stored.Users;
        Items = stored.Items;
        Interactions = stored.Interactions;
        Directory = stored.Directory;
    }

    public string Model { get; }

    public string Version { get; }

    public ModelFacts Facts { get; }

    public int Users { get; }

    public int Items { get; }

    public long Interactions { get; }

    public string? Directory { get; }

    public LiveModel? Loaded { get; set; }

    public void Unload()
    {
        Loaded?.Release();
        Loaded = null;
    }
}
