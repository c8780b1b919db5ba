using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Ease;

/// <summary>EASE: s_u = x_u B (Steck 2019, eq. 4).</summary>
public sealed class EaseModel : ItemWeightModel
{
    /// <summary>A model trained just now; without <paramref name="fingerprint"/> that of its data is computed when it is stored.</summary>
    internal EaseModel(Dataset data, EaseOptions options, EaseWeights weights, double trainingSeconds, string fingerprint = "")
        : base(data.Users, data.Items, data.Interactions, weights, ModelFacts.OfTraining(
            EaseAlgorithm.AlgorithmName, EaseAlgorithm.ToJson(options), data, trainingSeconds) with
        { DataFingerprint = fingerprint })
    {
        Options = options;
    }

    private EaseModel(StoredModel stored)
        : base(stored.Users, stored.Items, stored.Histories, ReadWeights(stored), stored.Facts)
    {
        Options = EaseAlgorithm.ParseStored(stored.Facts.Options);
    }

    /// <summary>What the model was trained with.</summary>
    public EaseOptions Options { get; }

    /// <summary>Reads a model that <see cref="ItemWeightModel.ToContents"/> described.</summary>
    /// <exception cref="RecsysException">The stored arrays are not an EASE model's.</exception>
    public static EaseModel FromStored(StoredModel stored)
    {
        ArgumentNullException.ThrowIfNull(stored);
        return new EaseModel(stored);
    }

    /// <summary>Whether B tells P = G⁻¹, P_ij = −B_ij P_jj: all of its weights are there, none clipped, and P's diagonal is known.</summary>
    internal bool DeterminesInverse =>
        Weights.Dense is not null && Weights.InverseDiagonal.Count > 0 && Options.NonNegative == NonNegativeMode.Off;
}
