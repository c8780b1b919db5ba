using System.Text.Json.Nodes;
using Recsys.Engine.Blending;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Storage;
using Recsys.Engine.Tests.Evaluation;
using Recsys.Engine.Tests.Logistic;

namespace Recsys.Engine.Tests.Blending;

internal static class BlendTestData
{
    public const string SmallMembers =
        "als:factors=8,iterations=3,regularization=5;ease:regularization=20;softmax:factors=8,iterations=3;popularity";

    public static ModelFacts Facts => new("blend", new JsonObject(), []);

    public static Dataset Data => PlantedTastes.Make();

    public static IReadOnlyList<BlendMember> Train(Dataset data, string members = SmallMembers) =>
        [.. ModelSpec.ParseList(members).Select(m => new BlendMember(m.Label, m.Algorithm.Train(data, m.Options)))];

    /// <summary>Two bands: histories of fewer than 15 items, and longer ones; all signs of weights.</summary>
    public static BlendModel Make(Dataset data) => new(
        Train(data), new BlendWeights([0, 10], [[0.4f, 0.3f, 0.2f, -0.1f], [0.1f, 0.5f, 0.3f, 0.1f]]), Facts);

    /// <summary>Models of the given scores, the same for each of <paramref name="histories"/>'s users.</summary>
    public static BlendModel Fake(SparseMatrix histories, BlendWeights weights, params float[][] scores) => new(
        [.. scores.Select((s, m) => new BlendMember($"m{m}", new FakeModel(histories, _ => s, (_, _) => s)))], weights, Facts);
}
