using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Popularity;
using Recsys.Engine.Storage;
using Recsys.Engine.Tuning;

namespace Recsys.Engine.Tests.Tuning;

/// <summary>Popularity that takes a tenth of a second whatever else the machine does, and twelve times that for twelve times the users.</summary>
internal sealed class SleepingAlgorithm : IAlgorithm
{
    public string Name => "sleeper";

    public string Summary => "waits";

    public IReadOnlyList<OptionDescription> Options { get; } = [new("x", "X", "nothing") { Search = SearchRange.Log(1, 100) }, new("y", "Y", "nothing") { Search = SearchRange.Log(1, 100) }];

    public long EstimateBytes(Dataset data, OptionBag options) => 0;

    public double EstimateWork(Dataset data, OptionBag options) => data.Users.Count;

    public IRecommenderModel Train(
        Dataset data, OptionBag options, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.WaitHandle.WaitOne(TimeSpan.FromSeconds(0.1 * data.Users.Count / 300));
        cancellationToken.ThrowIfCancellationRequested();
        return PopularityModel.Train(data);
    }

    public IRecommenderModel Read(StoredModel stored) => throw new NotSupportedException();
}
