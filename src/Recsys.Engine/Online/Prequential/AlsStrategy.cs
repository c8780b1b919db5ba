using Recsys.Engine.Als;
using Recsys.Engine.Data;
using Recsys.Engine.Models;

namespace Recsys.Engine.Online.Prequential;

/// <summary>ALS of the first part: users as they were, or solved from their present histories.</summary>
internal sealed class AlsStrategy(string name, PrequentialOptions options, bool foldIn) : PrequentialStrategy(name)
{
    private AlsModel? _model;

    protected override bool PopularityIsLive => foldIn;

    public override void Dispose() => _model?.Dispose();

    protected override void Train(Dataset train, CancellationToken cancellationToken) =>
        _model = AlsTrainer.Train(train, options.Als with { Threads = options.Threads, Seed = (int)options.Seed }, null, cancellationToken);

    protected override bool TryScore(int user, OnlineHistories histories, Span<float> scores)
    {
        UserProfile profile;
        if (foldIn)
        {
            profile = _model!.FoldIn(histories.Items(user), histories.Weights(user));
        }
        else
        {
            profile = _model!.GetUser(user);
        }

        if (profile.Items.IsEmpty)
        {
            return false;
        }

        _model!.Score(profile, scores);
        return true;
    }
}
