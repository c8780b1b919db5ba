using System.Text.Json.Nodes;
using Recsys.Engine.Serving;
using Recsys.Engine.Storage;

namespace Recsys.Grains.Serving.Wire;

[GenerateSerializer, Alias("recsys.item"), Immutable]
internal struct ItemRecordSurrogate
{
    [Id(0)] public string Id;
    [Id(1)] public string? Name;
    [Id(2)] public string[] Categories;
    [Id(3)] public bool Available;
    [Id(4)] public long Users;
}

[RegisterConverter]
internal sealed class ItemRecordConverter : IConverter<ItemRecord, ItemRecordSurrogate>
{
    public ItemRecord ConvertFromSurrogate(in ItemRecordSurrogate s) => new(s.Id, s.Name, s.Categories, s.Available, s.Users);

    public ItemRecordSurrogate ConvertToSurrogate(in ItemRecord r) =>
        new() { Id = r.Id, Name = r.Name, Categories = [.. r.Categories], Available = r.Available, Users = r.Users };
}

[GenerateSerializer, Alias("recsys.item-update"), Immutable]
internal struct ItemUpdateSurrogate
{
    [Id(0)] public string Id;
    [Id(1)] public string? Name;
    [Id(2)] public string[]? Categories;
    [Id(3)] public bool Available;
    [Id(4)] public Dictionary<string, float>? Features;
}

[RegisterConverter]
internal sealed class ItemUpdateConverter : IConverter<ItemUpdate, ItemUpdateSurrogate>
{
    public ItemUpdate ConvertFromSurrogate(in ItemUpdateSurrogate s) => new(s.Id)
    {
        Name = s.Name,
        Categories = s.Categories ?? [],
        Available = s.Available,
        Features = s.Features ?? [],
    };

    public ItemUpdateSurrogate ConvertToSurrogate(in ItemUpdate u) => new()
    {
        Id = u.Id,
        Name = u.Name,
        Categories = u.Categories.Count == 0 ? null : [.. u.Categories],
        Available = u.Available,
        Features = u.Features.Count == 0 ? null : new Dictionary<string, float>(u.Features),
    };
}

[GenerateSerializer, Alias("recsys.search-hit"), Immutable]
internal struct SearchHitSurrogate
{
    [Id(0)] public string Id;
    [Id(1)] public string? Name;
}

[RegisterConverter]
internal sealed class SearchHitConverter : IConverter<SearchHit, SearchHitSurrogate>
{
    public SearchHit ConvertFromSurrogate(in SearchHitSurrogate s) => new(s.Id, s.Name);

    public SearchHitSurrogate ConvertToSurrogate(in SearchHit h) => new() { Id = h.Id, Name = h.Name };
}

[GenerateSerializer, Alias("recsys.category"), Immutable]
internal struct CategorySurrogate
{
    [Id(0)] public string Name;
    [Id(1)] public int Items;
}

[RegisterConverter]
internal sealed class CategoryConverter : IConverter<CategoryCount, CategorySurrogate>
{
    public CategoryCount ConvertFromSurrogate(in CategorySurrogate s) => new(s.Name, s.Items);

    public CategorySurrogate ConvertToSurrogate(in CategoryCount c) => new() { Name = c.Name, Items = c.Items };
}

[GenerateSerializer, Alias("recsys.status"), Immutable]
internal struct StatusSurrogate
{
    [Id(0)] public string Model;
    [Id(1)] public string Version;
    [Id(2)] public int Users;
    [Id(3)] public int Items;
    [Id(4)] public long Interactions;
    [Id(5)] public ModelKind Kind;
}

[RegisterConverter]
internal sealed class StatusConverter : IConverter<RecommenderStatus, StatusSurrogate>
{
    public RecommenderStatus ConvertFromSurrogate(in StatusSurrogate s) => new(s.Model, s.Version, s.Users, s.Items, s.Interactions) { Kind = s.Kind };

    public StatusSurrogate ConvertToSurrogate(in RecommenderStatus r) =>
        new() { Model = r.Model, Version = r.Version, Users = r.Users, Items = r.Items, Interactions = r.Interactions, Kind = r.Kind };
}

[GenerateSerializer, Alias("recsys.model-version"), Immutable]
internal struct ModelVersionSurrogate
{
    [Id(0)] public string Model;
    [Id(1)] public string Version;
    [Id(2)] public bool Active;
    [Id(3)] public bool Default;
    [Id(4)] public bool Stored;
    [Id(5)] public int Users;
    [Id(6)] public int Items;
    [Id(7)] public long Interactions;
    [Id(8)] public string Algorithm;
    [Id(9)] public string Options;
    [Id(10)] public double[] Losses;
    [Id(11)] public string Dataset;
    [Id(12)] public string DataFingerprint;
    [Id(13)] public double TrainingSeconds;
    [Id(14)] public DateTimeOffset? Created;
    [Id(15)] public Dictionary<string, double> Metrics;
    [Id(16)] public ModelKind Kind;
}

[RegisterConverter]
internal sealed class ModelVersionConverter : IConverter<ModelVersion, ModelVersionSurrogate>
{
    public ModelVersion ConvertFromSurrogate(in ModelVersionSurrogate s)
    {
        var facts = new ModelFacts(s.Algorithm, JsonNode.Parse(s.Options)!.AsObject(), s.Losses)
        {
            Dataset = s.Dataset,
            DataFingerprint = s.DataFingerprint,
            TrainingSeconds = s.TrainingSeconds,
            Created = s.Created,
            Metrics = s.Metrics,
        };
        return new ModelVersion(s.Model, s.Version, s.Active, s.Default, s.Stored, s.Users, s.Items, s.Interactions, facts) { Kind = s.Kind };
    }

    public ModelVersionSurrogate ConvertToSurrogate(in ModelVersion v) => new()
    {
        Model = v.Model,
        Version = v.Version,
        Active = v.Active,
        Default = v.Default,
        Stored = v.Stored,
        Users = v.Users,
        Items = v.Items,
        Interactions = v.Interactions,
        Algorithm = v.Facts.Algorithm,
        Options = v.Facts.Options.ToJsonString(),
        Losses = [.. v.Facts.Losses],
        Dataset = v.Facts.Dataset,
        DataFingerprint = v.Facts.DataFingerprint,
        TrainingSeconds = v.Facts.TrainingSeconds,
        Created = v.Facts.Created,
        Metrics = new Dictionary<string, double>(v.Facts.Metrics),
        Kind = v.Kind,
    };
}
