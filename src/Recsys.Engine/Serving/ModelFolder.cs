using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Serving;

/// <summary>Models on disk: <c>NAME/VERSION/</c> each, and <c>active.json</c> with the choice among them.</summary>
internal sealed class ModelFolder
{
    private const string ChoiceFile = "active.json";

    private readonly string _directory;

    public ModelFolder(string directory)
    {
        _directory = Path.GetFullPath(directory);
        Directory.CreateDirectory(_directory);
    }

    /// <summary>The stored versions, each name's oldest first.</summary>
    public IReadOnlyList<Stored> Scan()
    {
        var found = new List<Stored>();
        foreach (string name in Directory.GetDirectories(_directory).Order(StringComparer.Ordinal))
        {
            var versions = Directory.GetDirectories(name)
                .Select(d => (Path: d, Number: int.TryParse(Path.GetFileName(d), NumberStyles.None, CultureInfo.InvariantCulture, out int n) ? n : 0))
                .Where(d => d.Number > 0)
                .OrderBy(d => d.Number);
            foreach (var (path, _) in versions)
            {
                using var stored = ModelStore.Open(path);
                found.Add(new Stored(
                    Path.GetFileName(name), Path.GetFileName(path), path, stored.Facts, stored.Users.Count, stored.Items.Count, stored.Histories.Count));
            }
        }

        return found;
    }

    /// <summary>Stores a version; returns its directory.</summary>
    public string Save(string name, string version, ModelContents contents, CancellationToken cancellationToken)
    {
        string directory = Path.Combine(_directory, name, version);
        ModelStore.Save(contents, directory, cancellationToken: cancellationToken);
        return directory;
    }

    public ModelChoice ReadChoice()
    {
        string path = Path.Combine(_directory, ChoiceFile);
        if (!File.Exists(path))
        {
            return new ModelChoice(null, new Dictionary<string, string>());
        }

        try
        {
            var json = JsonNode.Parse(File.ReadAllBytes(path))!.AsObject();
            var active = json["active"]!.AsObject().ToDictionary(a => a.Key, a => a.Value!.GetValue<string>());
            return new ModelChoice(json["default"]?.GetValue<string>(), active);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NullReferenceException or FormatException)
        {
            throw new RecsysException($"{path}: expected {{\"default\": …, \"active\": {{…}}}}, found something else", e);
        }
    }

    /// <summary>Replaces the choice in one step, durably.</summary>
    public void WriteChoice(ModelChoice choice)
    {
        var active = new JsonObject(choice.Active.OrderBy(a => a.Key, StringComparer.Ordinal)
            .Select(a => KeyValuePair.Create(a.Key, (JsonNode?)JsonValue.Create(a.Value))));
        var json = new JsonObject { ["default"] = choice.Default, ["active"] = active };
        string path = Path.Combine(_directory, ChoiceFile);
        string temporary = path + ".new";
        using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write))
        {
            file.Write(JsonSerializer.SerializeToUtf8Bytes(json));
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
        DurableFiles.FlushDirectory(_directory);
    }

    /// <summary>A stored version.</summary>
    public sealed record Stored(
        string Model, string Version, string Directory, ModelFacts Facts, int Users, int Items, long Interactions);
}
