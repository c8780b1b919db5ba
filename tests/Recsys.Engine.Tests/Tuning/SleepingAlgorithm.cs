using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Popularity;
using Recsys.Engine.Storage;
using Recsys.Engine.Tuning;

namespace Recsys.Engine.Tests.Tuning;

/// <summary>
/// Popularity that takes a tenth of a second for 300 users by a clock that only its trainings move; without a clock it waits
/// until it is cancelled.
/// </summary>
internal sealed class SleepingAlgorithm(HandClock? clock) : IAlgorithm
{
    public string Name => "sleeper";

    public string Summary => "waits";

    public IReadOnlyList<OptionDescription> Options { get; } = [new("x", "X", "nothing") { Search = SearchRange.Log(1, 100) }, new("y", "Y", "nothing") { Search = SearchRange.Log(1, 100) }];

    public long EstimateBytes(Dataset data, OptionBag options) => 0;

    public double EstimateWork(Dataset data, OptionBag options) => data.Users.Count;

    public IRecommenderModel Train(
        Dataset data, OptionBag options, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        if (clock is null)
        {
            cancellationToken.WaitHandle.WaitOne();
        }

        clock?.Move(TimeSpan.FromSeconds(0.1 * data.Users.Count / 300));
        cancellationToken.ThrowIfCancellationRequested();
        return PopularityModel.Train(data);
    }

    public IRecommenderModel Read(StoredModel stored) => throw new NotSupportedException();
}
