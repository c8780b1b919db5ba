using System.Diagnostics;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Ease;
using Recsys.Engine.Evaluation;
using Recsys.Engine.Models;
using Recsys.Engine.Popularity;

namespace Recsys.Engine.Blending;

/// <summary>
/// Fits weights on a seeded part of the data, with members trained on the rest. EASE trained on all of the data need not be
/// trained again for that: leaving a user out of it is exact and cheap (<see cref="EaseLeaveOut"/>).
/// </summary>
internal sealed class SplitFit
{
    private readonly DataSplit _split;
    private readonly EvaluationTask _task;
    private readonly IProgress<TrainingProgress>? _progress;
    private readonly CancellationToken _cancellation;

    public SplitFit(Dataset data, BlendOptions options, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        options.Validate();
        _split = Splitter.Split(data.ToLog(), OptionsOf(data, options));
        _task = options.Protocol == BlendProtocol.Strong
            ? EvaluationTask.Strong(_split.Test.FoldIn, _split.Test.HeldOut)
            : EvaluationTask.Weak([.. Enumerable.Range(0, _split.Train.Users.Count)], _split.Test.HeldOut);
        _progress = progress;
        _cancellation = cancellationToken;
    }

    /// <summary>What is left to train on.</summary>
    public Dataset Rest => _split.Train;

    /// <summary>Whether training on all of the data is enough to tell what the model says of users it does not know.</summary>
    public static bool NeedsNoSplit(ModelSpec member) =>
        member.Algorithm is SavedModel
        || (member.Algorithm.Name == EaseAlgorithm.AlgorithmName
        && member.Options.Text("non-negative") is null or "off" && member.Options.Text("sparsify") is null or "1");

    /// <summary>The split that a blend wants of the data.</summary>
    public static SplitOptions OptionsOf(Dataset data, BlendOptions options)
    {
        double users = options.ValidationUsers < 1
            ? Math.Clamp(Math.Floor(options.ValidationUsers * data.Users.Count), 1, BlendOptions.MaxUsers)
            : options.ValidationUsers;
        return new SplitOptions
        {
            Strategy = options.Protocol == BlendProtocol.Strong ? SplitStrategy.Strong : SplitStrategy.Weak,
            Seed = options.Seed,
            ValidationUsers = 0,
            TestUsers = users,

            // Items of these users alone: members trained on the rest are to lose as little of everyone else as EASE, which loses nothing.
            WeakUsers = users,
            HeldOutFraction = options.HeldOutShare,
            TestFraction = options.HeldOutShare,
        };
    }

    /// <summary>Trains a member, whose reports begin with the prefix and its label.</summary>
    public static IRecommenderModel Train(
        ModelSpec member, Dataset data, string prefix, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken) =>
        member.Algorithm.Train(
            data, member.Options, progress is null ? null : new PhaseProgress(progress, $"{prefix}{member.Label}: "), cancellationToken);

    /// <summary>Weights of blends that want this split.</summary>
    /// <param name="blends">The blends.</param>
    /// <param name="whole">Members trained on all of the data already; others are trained on the split.</param>
    /// <param name="keep">Where those trained on the split are put; null: they are disposed.</param>
    public (BlendFit Fit, double Seconds)[] Fit(
        BlendOptions[] blends, Func<ModelSpec, IRecommenderModel?> whole, Dictionary<ModelSpec, IRecommenderModel>? keep)
    {
        using var pool = new ComputePool(blends[0].Threads);
        using var reference = PopularityModel.Train(_split.Train);
        var scores = Array.ConvertAll(blends, b => new ValidationScores(_task, reference, b.Metric, b.Members.Count, b.Seed, pool));
        var seconds = new double[blends.Length];
        foreach (var member in blends.SelectMany(b => b.Members).Distinct())
        {
            if (whole(member) is EaseModel ease && EaseLeaveOut.Applies(ease))
            {
                var leftOut = new LeftOutScores(ease, _split);
                AddTo(member, 0, (b, m) => scores[b].Add(m, (row, values) => leftOut.Score(row, values), _cancellation));
                continue;
            }

            var clock = Stopwatch.StartNew();
            var model = Train(member, _split.Train, "validation ", _progress, _cancellation);
            double trained = clock.Elapsed.TotalSeconds;
            keep?.Add(member, model);
            try
            {
                AddTo(member, trained, (b, m) => scores[b].Add(m, model, _cancellation));
            }
            finally
            {
                if (keep is null)
                {
                    model.Dispose();
                }
            }
        }

        return [.. Enumerable.Range(0, blends.Length).Select(Finish)];

        void AddTo(ModelSpec member, double trained, Action<int, int> add)
        {
            for (int b = 0; b < blends.Length; b++)
            {
                int index = blends[b].Members.ToList().IndexOf(member);
                if (index >= 0)
                {
                    var clock = Stopwatch.StartNew();
                    add(b, index);
                    seconds[b] += trained + clock.Elapsed.TotalSeconds;
                }
            }
        }

        (BlendFit Fit, double Seconds) Finish(int b)
        {
            var clock = Stopwatch.StartNew();
            var fit = BlendFitter.Fit(scores[b].ToSamples(), blends[b].Members.Count, blends[b], pool, _progress, _cancellation);
            return (fit, seconds[b] + clock.Elapsed.TotalSeconds);
        }
    }
}
