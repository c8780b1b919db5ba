using Recsys.Engine.Evaluation;

namespace Recsys.Engine.Online.Prequential;

/// <summary>What a replay found.</summary>
/// <param name="Dataset">The data's name.</param>
/// <param name="Options">How it was done.</param>
/// <param name="TrainEvents">Events trained on.</param>
/// <param name="Events">Events streamed.</param>
/// <param name="Scored">Events scored: those of items that were new to their user.</param>
/// <param name="Users">Users with a scored event.</param>
/// <param name="Items">Items ranked.</param>
/// <param name="Bands">Scored events by band of the true item: head, mid, tail, new (not in the training part).</param>
/// <param name="SliceTimes">Time of the last event of each slice.</param>
/// <param name="Strategies">The strategies in the order asked for.</param>
public sealed record PrequentialResult(
    string Dataset,
    PrequentialOptions Options,
    int TrainEvents,
    int Events,
    int Scored,
    int Users,
    int Items,
    IReadOnlyList<int> Bands,
    IReadOnlyList<long> SliceTimes,
    IReadOnlyList<StrategyResult> Strategies);
