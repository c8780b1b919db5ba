using Recsys.Engine.Data;
using Recsys.Engine.Logistic;
using Recsys.Engine.Negatives;

namespace Recsys.Engine.Online.Prequential;

/// <summary>Logistic MF trained on the first part, that goes on learning each event, or not.</summary>
internal sealed class LmfStrategy(string name, PrequentialOptions options, NegativeSamplerSpec sampler, bool learns) : PrequentialStrategy(name)
{
    private OnlineLmf? _learner;
    private SparseMatrix? _trained;

    protected override bool PopularityIsLive => learns;

    public override void Dispose() => _learner?.Dispose();

    protected override void Train(Dataset train, CancellationToken cancellationToken)
    {
        var lmf = options.Lmf with { Negatives = sampler, Threads = options.Threads, Seed = options.Seed };
        using var model = LmfTrainer.Train(train, lmf, null, cancellationToken);
        _learner = OnlineLmf.From(model, lmf);
        _trained = train.Interactions;
    }

    protected override bool TryScore(int user, OnlineHistories histories, Span<float> scores)
    {
        if (learns ? histories.Items(user).IsEmpty : _trained!.RowLength(user) == 0)
        {
            return false;
        }

        _learner!.Score(user, scores);
        return true;
    }

    protected override void LearnEvent(int user, int item, float weight, OnlineHistories histories)
    {
        if (learns)
        {
            _learner!.Learn(user, item, weight);
        }
    }
}
