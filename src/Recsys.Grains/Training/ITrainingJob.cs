using Recsys.Engine.Als;

namespace Recsys.Grains.Training;

/// <summary>What the coordinator runs for one algorithm.</summary>
internal interface ITrainingJob
{
    /// <summary>Trains, from where the training stands, and stores the model. Returns its version.</summary>
    Task<string> RunAsync(TrainingRun run, CancellationToken cancellationToken);

    /// <summary>The Gram matrix that a half-epoch holds fixed; null where that is not the one being run.</summary>
    GramMatrix? Gram(int phase) => null;

    /// <summary>Frees what the partitions hold, and deletes the state of the training. What cannot be reached is left.</summary>
    Task CloseAsync(CancellationToken cancellationToken);
}
