using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Popularity;

/// <summary>Popularity by option names: none of them changes it.</summary>
public sealed class PopularityAlgorithm : IAlgorithm
{
    internal const string AlgorithmName = "popularity";

    /// <inheritdoc/>
    public string Name => AlgorithmName;

    /// <inheritdoc/>
    public string Summary => "the same ranking for everyone, by number of users: the baseline";

    /// <inheritdoc/>
    public IReadOnlyList<OptionDescription> Options { get; } = [OptionDescription.Seed, OptionDescription.Threads];

    /// <inheritdoc/>
    public long EstimateBytes(Dataset data, OptionBag options)
    {
        ArgumentNullException.ThrowIfNull(data);
        return 8L * data.Items.Count;
    }

    /// <inheritdoc/>
    public IRecommenderModel Train(
        Dataset data, OptionBag options, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.RequireKnown(this);
        return PopularityModel.Train(data);
    }

    /// <inheritdoc/>
    public IRecommenderModel Read(StoredModel stored) => PopularityModel.FromStored(stored);
}
