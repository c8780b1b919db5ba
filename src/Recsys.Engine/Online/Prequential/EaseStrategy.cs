using Recsys.Engine.Data;
using Recsys.Engine.Ease;

namespace Recsys.Engine.Online.Prequential;

/// <summary>EASE over items with a positive weight: frozen, with present histories, or exact.</summary>
internal sealed class EaseStrategy(string name, PrequentialOptions options, EaseUpdating updating) : PrequentialStrategy(name)
{
    private StreamingEase? _ease;
    private SparseMatrix? _trained;
    private int _waiting;

    protected override bool PopularityIsLive => updating != EaseUpdating.None;

    public override void Dispose() => _ease?.Dispose();

    protected override void Train(Dataset train, CancellationToken cancellationToken)
    {
        _trained = OnlineState.Positives(train.Interactions);
        _ease = StreamingEase.Train(
            _trained,
            new StreamingEaseOptions { Regularization = options.EaseRegularization, Threads = options.Threads },
            null,
            cancellationToken);
    }

    protected override bool TryScore(int user, OnlineHistories histories, Span<float> scores)
    {
        ReadOnlySpan<int> items = _trained!.Row(user);
        if (updating != EaseUpdating.None)
        {
            var weights = histories.Weights(user);
            items = histories.Items(user);
            if (weights.ContainsAnyInRange(float.NegativeInfinity, 0))
            {
                var positive = new List<int>();
                for (int e = 0; e < items.Length; e++)
                {
                    if (weights[e] > 0)
                    {
                        positive.Add(items[e]);
                    }
                }

                items = positive.ToArray();
            }
        }

        if (items.IsEmpty)
        {
            return false;
        }

        _ease!.Score(items, default, scores);
        return true;
    }

    protected override void LearnEvent(int user, int item, float weight, OnlineHistories histories)
    {
        if (updating == EaseUpdating.Exact)
        {
            _ease!.Set(user, item, histories.Weight(user, item) > 0 ? 1 : 0);
            if (++_waiting >= options.EaseEvery)
            {
                _ease.Flush();
                _waiting = 0;
            }
        }
    }
}
