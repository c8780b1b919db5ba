using System.Text.Json;

namespace Recsys.Engine.Serving.Distributed;

/// <summary>Which version of each model answers, as of a revision.</summary>
/// <param name="Revision">Grows with each change; 0 before the first.</param>
/// <param name="Default">The model that answers when none is named.</param>
/// <param name="Active">The version that answers, by model.</param>
/// <param name="Previous">The version to roll back to, by model.</param>
public sealed record ActiveModels(
    long Revision, string? Default, IReadOnlyDictionary<string, string> Active, IReadOnlyDictionary<string, string> Previous)
{
    /// <summary>No model is active.</summary>
    public static ActiveModels None { get; } = new(0, null, new Dictionary<string, string>(), new Dictionary<string, string>());

    internal byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this);

    internal static ActiveModels FromJson(byte[] json) => JsonSerializer.Deserialize<ActiveModels>(json)!;

    /// <summary>The same with a version made the one that answers.</summary>
    internal ActiveModels With(string model, string version, bool makeDefault)
    {
        var active = new Dictionary<string, string>(Active);
        var previous = new Dictionary<string, string>(Previous);
        if (active.TryGetValue(model, out string? before) && before != version)
        {
            previous[model] = before;
        }

        active[model] = version;
        return new ActiveModels(Revision + 1, makeDefault || Default is null ? model : Default, active, previous);
    }
}
