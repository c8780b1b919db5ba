using System.Text.Json.Nodes;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Negatives;
using Recsys.Engine.Storage;
using Recsys.Engine.Tuning;

namespace Recsys.Engine.Logistic;

/// <summary>Logistic MF ("lmf"), BPR ("bpr") or sampled softmax ("softmax") by option names.</summary>
/// <param name="loss">Which of them.</param>
public sealed class LmfAlgorithm(LmfLoss loss) : Algorithm<LmfOptions>
{
    private static readonly Dictionary<string, LmfWeighting> Weightings = new()
    {
        ["binary"] = LmfWeighting.Binary,
        ["linear"] = LmfWeighting.Linear,
        ["log"] = LmfWeighting.Log,
    };

    private readonly LmfOptions _defaults = LmfOptions.For(loss);

    /// <inheritdoc/>
    public override string Name => _defaults.Algorithm;

    /// <inheritdoc/>
    public override string Summary => loss switch
    {
        LmfLoss.Logistic => "logistic matrix factorization with sampled negatives",
        LmfLoss.Bpr => "matrix factorization by Bayesian personalized ranking: clicked items above sampled ones",
        _ => "matrix factorization by sampled softmax: items compete for each click",
    };

    /// <inheritdoc/>
    public override IReadOnlyList<OptionDescription> Options
    {
        get
        {
            FormattableString[] defaults =
            [
                $"{_defaults.Factors}", $"{_defaults.Epochs}", $"{_defaults.Negatives}", $"{_defaults.NegativeCount}",
                $"{_defaults.LearningRate}", $"{_defaults.UserRegularization}", $"{_defaults.ItemRegularization}",
                $"{_defaults.BiasRegularization}", $"{_defaults.Correction}", $"{_defaults.InitialSpread}", $"{_defaults.InitialSum}",
                $"{_defaults.FoldInEpochs}", $"{_defaults.FoldInNegatives}", $"{_defaults.FinalRate}",
            ];
            string[] d = Array.ConvertAll(defaults, f => FormattableString.Invariant(f));
            return
            [
                new("factors", "K", $"factors of a user or item (default {d[0]})") { Search = SearchRange.OneOf("64", "128") with { Start = "64" } },
                new("iterations", "N", $"passes over the data (default {d[1]})"),
                new("negatives", "SAMPLER", $"uniform, popularity:A, in-batch:W, hard:M[:BASE], mixed:F:hard:M[:BASE] (default {d[2]})")
                {
                    Search = SearchRange.OneOf("uniform", "popularity:0.5", "mixed:0.5:hard:4:popularity:0.5") with { Start = d[2] },
                },
                new("negative-count", "N", $"negatives of each interaction (default {d[3]})") { Search = SearchRange.Log(2, 64, whole: true) with { Start = d[3] } },
                new("learning-rate", "R", $"step size of Adagrad (default {d[4]})") { Search = SearchRange.Log(0.02, 0.5) with { Start = d[4] } },
                new("final-rate", "S", $"share of the learning rate left in the last pass (default {d[13]})"),
                new("regularization", "L", "λ of user and item factors at once") { Search = SearchRange.Log(0.002, 0.3) with { Start = d[5] } },
                new("user-regularization", "L", $"λ of user factors (default {d[5]})"),
                new("item-regularization", "L", $"λ of item factors (default {d[6]})"),
                new("bias-regularization", "L", $"λ of item biases (default {d[7]})"),
                new("margin", "M", "what a positive has to exceed (default 0)"),
                new("dynamic-margin", "true|false", "margin larger for rare items: M·(1 + users)^(−1/4)") { Alone = "true" },
                new("correction", "C", $"share of log popularity taken off the logits in training, 0 to 1 (default {d[8]})"),
                new("weighting", "binary|linear|log", "how an interaction's weight counts (default linear)"),
                new("initial-spread", "S", $"norm of a new row of factors, about (default {d[9]})"),
                new("initial-sum", "S", $"first value of the Adagrad sums (default {d[10]})"),
                new("fold-in-iterations", "N", $"passes over the history of an unknown user (default {d[11]})"),
                new("fold-in-negatives", "N", $"negatives of each item in them (default {d[12]})"),
                new("blocks", "V", "blocks a side that training works in; at most as many threads are busy (default 0: 16 or fewer)"),
                OptionDescription.Seed,
                OptionDescription.Threads,
            ];
        }
    }

    /// <inheritdoc/>
    public override TuningTraits Tuning { get; } = new() { Iterations = "iterations", Rungs = [5, 15] };

    /// <summary>Factors times samples: those of an interaction, in every pass over the data.</summary>
    public override double EstimateWork(Dataset data, OptionBag options)
    {
        ArgumentNullException.ThrowIfNull(data);
        var parsed = Parse(options);
        return data.Interactions.Count * (double)parsed.Epochs * (parsed.NegativeCount + 2) * (parsed.Factors + 16);
    }

    /// <inheritdoc/>
    public override IRecommenderModel Read(StoredModel stored) => LmfModel.FromStored(stored);

    /// <inheritdoc/>
    protected override LmfOptions Bind(OptionBag options)
    {
        var d = _defaults;
        float both = Float(options, "regularization", float.NaN);
        return d with
        {
            Factors = options.Int("factors", d.Factors),
            Epochs = options.Int("iterations", d.Epochs),
            Negatives = options.Text("negatives") is { } text ? NegativeSamplerSpec.Parse(text) : d.Negatives,
            NegativeCount = options.Int("negative-count", d.NegativeCount),
            LearningRate = Float(options, "learning-rate", d.LearningRate),
            FinalRate = Float(options, "final-rate", d.FinalRate),
            UserRegularization = Float(options, "user-regularization", float.IsNaN(both) ? d.UserRegularization : both),
            ItemRegularization = Float(options, "item-regularization", float.IsNaN(both) ? d.ItemRegularization : both),
            BiasRegularization = Float(options, "bias-regularization", d.BiasRegularization),
            Margin = Float(options, "margin", d.Margin),
            DynamicMargin = options.Bool("dynamic-margin", d.DynamicMargin),
            Correction = Float(options, "correction", d.Correction),
            Weighting = options.Choice("weighting", d.Weighting, Weightings),
            InitialSpread = Float(options, "initial-spread", d.InitialSpread),
            InitialSum = Float(options, "initial-sum", d.InitialSum),
            FoldInEpochs = options.Int("fold-in-iterations", d.FoldInEpochs),
            FoldInNegatives = options.Int("fold-in-negatives", d.FoldInNegatives),
            Blocks = options.Int("blocks", d.Blocks),
            Seed = options.UInt64("seed", d.Seed),
            Threads = options.Int("threads", d.Threads),
        };
    }

    /// <inheritdoc/>
    protected override long EstimateBytes(Dataset data, LmfOptions options) => LmfTrainer.EstimateBytes(data, options);

    /// <inheritdoc/>
    protected override IRecommenderModel Train(
        Dataset data, LmfOptions options, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken) =>
        LmfTrainer.Train(data, options, progress, cancellationToken);

    /// <summary>The options that make the model what it is, by their command-line names.</summary>
    internal static JsonObject ToJson(LmfOptions options) => new()
    {
        ["factors"] = options.Factors,
        ["iterations"] = options.Epochs,
        ["negatives"] = options.Negatives.ToString(),
        ["negative-count"] = options.NegativeCount,
        ["learning-rate"] = options.LearningRate,
        ["final-rate"] = options.FinalRate,
        ["user-regularization"] = options.UserRegularization,
        ["item-regularization"] = options.ItemRegularization,
        ["bias-regularization"] = options.BiasRegularization,
        ["margin"] = options.Margin,
        ["dynamic-margin"] = options.DynamicMargin,
        ["correction"] = options.Correction,
        ["weighting"] = Weightings.First(w => w.Value == options.Weighting).Key,
        ["initial-spread"] = options.InitialSpread,
        ["initial-sum"] = options.InitialSum,
        ["fold-in-iterations"] = options.FoldInEpochs,
        ["fold-in-negatives"] = options.FoldInNegatives,
        ["blocks"] = options.Blocks,
        ["seed"] = options.Seed,
    };

    /// <summary>The options as a manifest has them.</summary>
    internal static LmfOptions ParseStored(string algorithm, JsonObject options)
    {
        var loss = algorithm switch
        {
            "lmf" => LmfLoss.Logistic,
            "bpr" => LmfLoss.Bpr,
            "softmax" => LmfLoss.Softmax,
            _ => throw new RecsysException($"the model is '{algorithm}', expected lmf, bpr or softmax"),
        };
        return new LmfAlgorithm(loss).Parse(OptionBag.FromJson(options));
    }

    private static float Float(OptionBag options, string name, float otherwise) =>
        options.Text(name) is null ? otherwise : (float)options.Double(name, otherwise);
}
