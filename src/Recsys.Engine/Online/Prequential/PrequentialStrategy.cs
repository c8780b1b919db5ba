using Recsys.Engine.Data;

namespace Recsys.Engine.Online.Prequential;

/// <summary>One way to keep a model, or not, while events come.</summary>
internal abstract class PrequentialStrategy(string name) : IDisposable
{
    private float[] _popularity = [];

    public string Name { get; } = name;

    /// <summary>Whether a user of whom nothing is known is told what is popular now, or what was in training.</summary>
    protected virtual bool PopularityIsLive => true;

    /// <summary>Trains on the first part.</summary>
    public void Prepare(Dataset train, CancellationToken cancellationToken)
    {
        _popularity = new float[train.Items.Count];
        for (int u = 0; u < train.Users.Count; u++)
        {
            var row = train.Interactions.Row(u);
            var weights = train.Interactions.RowValues(u);
            for (int e = 0; e < row.Length; e++)
            {
                _popularity[row[e]] += weights.IsEmpty || weights[e] > 0 ? 1 : 0;
            }
        }

        Train(train, cancellationToken);
    }

    /// <summary>Scores all items for a user as things stand.</summary>
    public void Score(int user, OnlineHistories histories, Span<float> scores)
    {
        if (!TryScore(user, histories, scores))
        {
            _popularity.CopyTo(scores);
        }
    }

    /// <summary>Learns an event, which is in the histories by then.</summary>
    public void Learn(int user, int item, float weight, float before, OnlineHistories histories)
    {
        if (PopularityIsLive && weight > 0 && before <= 0)
        {
            _popularity[item]++;
        }

        LearnEvent(user, item, weight, histories);
    }

    public virtual void Dispose()
    {
    }

    protected abstract void Train(Dataset train, CancellationToken cancellationToken);

    /// <summary>Scores all items; false where nothing is known of the user.</summary>
    protected abstract bool TryScore(int user, OnlineHistories histories, Span<float> scores);

    protected virtual void LearnEvent(int user, int item, float weight, OnlineHistories histories)
    {
    }
}
