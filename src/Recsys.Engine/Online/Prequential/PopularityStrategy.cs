using Recsys.Engine.Data;

namespace Recsys.Engine.Online.Prequential;

/// <summary>What is popular now, for everyone.</summary>
internal sealed class PopularityStrategy(string name) : PrequentialStrategy(name)
{
    protected override void Train(Dataset train, CancellationToken cancellationToken)
    {
    }

    protected override bool TryScore(int user, OnlineHistories histories, Span<float> scores) => false;
}
