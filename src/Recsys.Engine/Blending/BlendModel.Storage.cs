using System.Text.Json;
using System.Text.Json.Nodes;
using Recsys.Engine.Models;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Blending;

public sealed partial class BlendModel
{
    private const string WeightsTensor = "blend_weights";
    private const string StartsTensor = "blend_band_starts";
    private const string MembersTensor = "blend_members";

    /// <summary>Reads a model that <see cref="ToContents"/> described.</summary>
    /// <exception cref="RecsysException">The stored arrays are not a blend's.</exception>
    public static BlendModel FromStored(StoredModel stored)
    {
        ArgumentNullException.ThrowIfNull(stored);
        var described = ReadMembers(stored);
        var weights = ReadWeights(stored, described.Count);
        var members = new List<BlendMember>();
        try
        {
            for (int m = 0; m < described.Count; m++)
            {
                var (label, facts) = described[m];
                using var part = stored.Part(Prefix(m), facts);
                members.Add(new BlendMember(label, Algorithms.Get(facts.Algorithm).Read(part)));
            }

            return new BlendModel(members, weights, stored.Facts);
        }
        catch
        {
            members.ForEach(m => m.Model.Dispose());
            throw;
        }
    }

    /// <summary>Weights by band of a stored blend, with the members' labels: what can be shown without reading the members.</summary>
    /// <exception cref="RecsysException">The stored arrays are not a blend's.</exception>
    public static (IReadOnlyList<string> Labels, BlendWeights Weights) ReadWeights(StoredModel stored)
    {
        ArgumentNullException.ThrowIfNull(stored);
        var described = ReadMembers(stored);
        return ([.. described.Select(m => m.Label)], ReadWeights(stored, described.Count));
    }

    /// <summary>
    /// The arrays of all members, those of member m named <c>members.m.…</c>; ids and histories, which they share, once.
    /// </summary>
    public ModelContents ToContents()
    {
        var tensors = new Dictionary<string, Tensor>();
        var described = new JsonArray();
        for (int m = 0; m < _members.Length; m++)
        {
            var contents = _members[m].Model.ToContents();
            foreach (var (name, tensor) in contents.Tensors)
            {
                tensors[Prefix(m) + name] = tensor;
            }

            described.Add((JsonNode)Describe(_members[m].Label, contents.Facts));
        }

        float[] weights = [.. Enumerable.Range(0, Weights.Bands).SelectMany(b => Weights.Of(b).ToArray())];
        tensors[WeightsTensor] = Tensor.Copy<float>(weights, TensorType.F32);
        tensors[StartsTensor] = Tensor.Copy(Weights.Starts, TensorType.I32);
        tensors[MembersTensor] = Tensor.Copy<byte>(JsonSerializer.SerializeToUtf8Bytes<JsonNode>(described), TensorType.U8);
        return new ModelContents(_facts, tensors, Users, Items, Histories);
    }

    private static string Prefix(int member) => $"members.{member}.";

    private static JsonObject Describe(string label, ModelFacts facts) => new()
    {
        ["label"] = label,
        ["algorithm"] = facts.Algorithm,
        ["options"] = facts.Options.DeepClone(),
        ["seconds"] = facts.TrainingSeconds,
        ["losses"] = new JsonArray([.. facts.Losses.Select(l => (JsonNode)(double.IsFinite(l) ? JsonValue.Create(l) : JsonValue.Create("NaN")))]),
    };

    private static List<(string Label, ModelFacts Facts)> ReadMembers(StoredModel stored)
    {
        try
        {
            var members = JsonNode.Parse(stored.Array<byte>(MembersTensor))!.AsArray();
            return [.. members.Select(m => (m!["label"]!.GetValue<string>(), ReadFacts(m.AsObject(), stored.Facts)))];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NullReferenceException or FormatException)
        {
            throw new RecsysException($"{stored.Directory}: array {MembersTensor} does not describe the members of a blend", e);
        }
    }

    private static ModelFacts ReadFacts(JsonObject member, ModelFacts blend)
    {
        double[] losses = [.. member["losses"]!.AsArray().Select(l => l!.GetValueKind() == JsonValueKind.Number ? l.GetValue<double>() : double.NaN)];
        return new ModelFacts(member["algorithm"]!.GetValue<string>(), member["options"]!.DeepClone().AsObject(), losses)
        {
            Dataset = blend.Dataset,
            DataFingerprint = blend.DataFingerprint,
            TrainingSeconds = member["seconds"]!.GetValue<double>(),
            Created = blend.Created,
        };
    }

    private static BlendWeights ReadWeights(StoredModel stored, int members)
    {
        int[] starts = stored.Array<int>(StartsTensor);
        float[] weights = stored.Array<float>(WeightsTensor, (long)starts.Length * members);
        return new BlendWeights(starts, [.. Enumerable.Range(0, starts.Length).Select(b => weights.AsSpan(b * members, members).ToArray())]);
    }
}
