using Recsys.Grains.Training;

namespace Recsys.Grains.Jobs;

/// <summary>A job as it is written down.</summary>
/// <param name="Number">Its number, which is its id.</param>
/// <param name="Request">What is to be trained.</param>
/// <param name="Asked">When it was asked for.</param>
internal sealed record JobRecord(int Number, ClusterTrainingRequest Request, DateTimeOffset Asked);
