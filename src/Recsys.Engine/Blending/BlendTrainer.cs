using System.Diagnostics;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Evaluation;
using Recsys.Engine.Models;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Blending;

/// <summary>
/// Makes a blend of data alone: keeps a seeded part of it out, trains each member on the rest, fits the weights on what was
/// kept out, and trains the members again on everything.
/// </summary>
public static class BlendTrainer
{
    /// <summary>Peak bytes of training: all members, which are in memory together at the end, and the validation users' scores.</summary>
    public static long EstimateBytes(Dataset data, BlendOptions options)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(options);
        long members = options.Members.Sum(m => m.Algorithm.EstimateBytes(data, m.Options));
        return members + ValidationScores.EstimateBytes(data.Users.Count, data.Items.Count, options.Members.Count);
    }

    /// <summary>Trains the members and fits their weights.</summary>
    /// <exception cref="InvalidOptionException">An option is out of range.</exception>
    /// <exception cref="RecsysException">A member cannot be trained, or nobody is left to fit the weights on.</exception>
    public static BlendModel Train(
        Dataset data, BlendOptions options, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _ = EstimateBytes(data, options); // reads all members' options: a wrong one is told before anything is trained
        var clock = Stopwatch.StartNew();
        var kept = new List<BlendMember>();
        try
        {
            var (train, task) = Split(data, options);
            var fit = FitOnSplit(train, task, [options], options.Refit ? null : kept, progress, cancellationToken)[0].Fit;
            if (options.Refit)
            {
                kept.AddRange(options.Members.Select(m => new BlendMember(m.Label, Train(m, data, "", progress, cancellationToken))));
            }

            var facts = Facts(options, options.Refit ? data : train with { Name = data.Name }, fit, clock.Elapsed.TotalSeconds);
            return new BlendModel(kept, fit.Weights, facts);
        }
        catch
        {
            kept.ForEach(m => m.Model.Dispose());
            throw;
        }
    }

    /// <summary>
    /// Fits weights on a seeded split of the data with members trained for this alone, one at a time in memory.
    /// </summary>
    /// <exception cref="RecsysException">A member cannot be trained, or nobody is left to fit the weights on.</exception>
    public static BlendFit FitWeights(
        Dataset data, BlendOptions options, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default) =>
        FitWeights(data, [options], progress, cancellationToken)[0].Fit;

    /// <summary>The same for several blends; those that want the same split share it, and the members trained on it.</summary>
    /// <returns>For each blend the weights, and the seconds they would have taken by themselves.</returns>
    internal static IReadOnlyList<(BlendFit Fit, double Seconds)> FitWeights(
        Dataset data, IReadOnlyList<BlendOptions> blends, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        var fits = new (BlendFit Fit, double Seconds)[blends.Count];
        foreach (var group in Enumerable.Range(0, blends.Count).GroupBy(b => SplitOf(data, blends[b])))
        {
            blends[group.First()].Validate();
            var (train, task) = Split(data, blends[group.First()]);
            BlendOptions[] options = [.. group.Select(b => blends[b])];
            foreach (var (b, fit) in group.Zip(FitOnSplit(train, task, options, null, progress, cancellationToken)))
            {
                fits[b] = fit;
            }
        }

        return fits;
    }

    /// <summary>What is stored of how a blend was made.</summary>
    internal static ModelFacts Facts(BlendOptions options, Dataset data, BlendFit fit, double seconds)
    {
        var metrics = new Dictionary<string, double> { [$"validation {options.Metric}"] = fit.Value };
        for (int m = 0; m < options.Members.Count; m++)
        {
            metrics[$"validation {options.Metric} of {options.Members[m].Label}"] = fit.MemberValues[m];
        }

        metrics["validation users"] = fit.Users;
        metrics["share of the bands' own weights"] = fit.BandShare;
        return ModelFacts.OfTraining(BlendAlgorithm.AlgorithmName, BlendAlgorithm.ToJson(options), data, seconds) with { Metrics = metrics };
    }

    private static (BlendFit Fit, double Seconds)[] FitOnSplit(
        Dataset train,
        EvaluationTask task,
        BlendOptions[] blends,
        List<BlendMember>? keep,
        IProgress<TrainingProgress>? progress,
        CancellationToken cancellationToken)
    {
        using var pool = new ComputePool(blends[0].Threads);
        var scores = Array.ConvertAll(blends, b => new ValidationScores(task, b.Metric, b.Members.Count, b.Seed, pool));
        var seconds = new double[blends.Length];
        foreach (var member in blends.SelectMany(b => b.Members).Distinct())
        {
            var clock = Stopwatch.StartNew();
            var model = Train(member, train, "validation ", progress, cancellationToken);
            double trained = clock.Elapsed.TotalSeconds;
            keep?.Add(new BlendMember(member.Label, model));
            try
            {
                for (int b = 0; b < blends.Length; b++)
                {
                    AddTo(b, member, model, trained);
                }
            }
            finally
            {
                if (keep is null)
                {
                    model.Dispose();
                }
            }
        }

        return [.. Enumerable.Range(0, blends.Length).Select(Fit)];

        void AddTo(int blend, ModelSpec member, IRecommenderModel model, double trained)
        {
            int index = blends[blend].Members.ToList().IndexOf(member);
            if (index >= 0)
            {
                var clock = Stopwatch.StartNew();
                scores[blend].Add(index, model, cancellationToken);
                seconds[blend] += trained + clock.Elapsed.TotalSeconds;
            }
        }

        (BlendFit Fit, double Seconds) Fit(int blend)
        {
            var clock = Stopwatch.StartNew();
            var fit = BlendFitter.Fit(scores[blend].ToSamples(), blends[blend].Members.Count, blends[blend], pool, progress, cancellationToken);
            return (fit, seconds[blend] + clock.Elapsed.TotalSeconds);
        }
    }

    private static IRecommenderModel Train(
        ModelSpec member, Dataset data, string prefix, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken) =>
        member.Algorithm.Train(
            data, member.Options, progress is null ? null : new PhaseProgress(progress, $"{prefix}{member.Label}: "), cancellationToken);

    /// <summary>A part to train on and the users to fit on, in its indices.</summary>
    private static (Dataset Train, EvaluationTask Task) Split(Dataset data, BlendOptions options)
    {
        var split = Splitter.Split(data.ToLog(), SplitOf(data, options));
        var task = options.Protocol == BlendProtocol.Strong
            ? EvaluationTask.Strong(split.Test.FoldIn, split.Test.HeldOut)
            : EvaluationTask.Weak([.. Enumerable.Range(0, split.Train.Users.Count)], split.Test.HeldOut);
        return (split.Train, task);
    }

    private static SplitOptions SplitOf(Dataset data, BlendOptions options)
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
            HeldOutFraction = options.HeldOutShare ?? 0.2,
            TestFraction = options.HeldOutShare ?? 0.1,
        };
    }
}
