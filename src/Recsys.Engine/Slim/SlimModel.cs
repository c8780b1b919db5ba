using Recsys.Engine.Data;
using Recsys.Engine.Ease;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Slim;

/// <summary>SLIM: s_u = x_u W with sparse item-item weights W (Ning and Karypis 2011, eq. 1).</summary>
public sealed class SlimModel : ItemWeightModel
{
    internal SlimModel(Dataset data, SlimOptions options, EaseWeights weights, double trainingSeconds)
        : base(data.Users, data.Items, data.Interactions, weights, ModelFacts.OfTraining(
            SlimAlgorithm.AlgorithmName, SlimAlgorithm.ToJson(options), data, trainingSeconds))
    {
        Options = options;
    }

    private SlimModel(StoredModel stored)
        : base(stored.Users, stored.Items, stored.Histories, ReadWeights(stored), stored.Facts)
    {
        Options = SlimAlgorithm.ParseStored(stored.Facts.Options);
    }

    /// <summary>What the model was trained with.</summary>
    public SlimOptions Options { get; }

    /// <summary>Reads a model that <see cref="ItemWeightModel.ToContents"/> described.</summary>
    /// <exception cref="RecsysException">The stored arrays are not a SLIM model's.</exception>
    public static SlimModel FromStored(StoredModel stored)
    {
        ArgumentNullException.ThrowIfNull(stored);
        return new SlimModel(stored);
    }
}
