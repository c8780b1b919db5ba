using System.Diagnostics;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
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
        var kept = new Dictionary<ModelSpec, IRecommenderModel>();
        try
        {
            foreach (var member in options.Members.Where(m => options.Refit && SplitFit.NeedsNoSplit(m)))
            {
                kept[member] = SplitFit.Train(member, data, "", progress, cancellationToken);
            }

            var split = new SplitFit(data, options, progress, cancellationToken);
            var fit = split.Fit([options], m => kept.GetValueOrDefault(m), options.Refit ? null : kept)[0].Fit;
            foreach (var member in options.Members.Where(m => !kept.ContainsKey(m)))
            {
                kept[member] = SplitFit.Train(member, data, "", progress, cancellationToken);
            }

            var facts = Facts(options, options.Refit ? data : split.Rest with { Name = data.Name }, fit, clock.Elapsed.TotalSeconds);
            return new BlendModel([.. options.Members.Select(m => new BlendMember(m.Label, kept[m]))], fit.Weights, facts);
        }
        catch
        {
            foreach (var model in kept.Values)
            {
                model.Dispose();
            }

            throw;
        }
    }

    /// <summary>
    /// Weights for blends whose members are or will be trained on the data: those that want the same split share it, and the
    /// members trained on it, one at a time in memory.
    /// </summary>
    /// <param name="data">The data that is split.</param>
    /// <param name="blends">The blends.</param>
    /// <param name="whole">Members that are trained on all of the data already, where that is enough; see <see cref="SplitFit"/>.</param>
    /// <param name="progress">Told what is being done.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>For each blend the weights, and the seconds they would have taken by themselves.</returns>
    internal static IReadOnlyList<(BlendFit Fit, double Seconds)> FitWeights(
        Dataset data,
        IReadOnlyList<BlendOptions> blends,
        Func<ModelSpec, IRecommenderModel?> whole,
        IProgress<TrainingProgress>? progress,
        CancellationToken cancellationToken)
    {
        var fits = new (BlendFit Fit, double Seconds)[blends.Count];
        foreach (var group in Enumerable.Range(0, blends.Count).GroupBy(b => SplitFit.OptionsOf(data, blends[b])))
        {
            var split = new SplitFit(data, blends[group.First()], progress, cancellationToken);
            foreach (var (b, fit) in group.Zip(split.Fit([.. group.Select(b => blends[b])], whole, null)))
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
}
