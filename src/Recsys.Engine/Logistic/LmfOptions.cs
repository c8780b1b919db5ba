using Recsys.Engine.Models;
using Recsys.Engine.Negatives;

namespace Recsys.Engine.Logistic;

/// <summary>
/// Options of logistic matrix factorization and its siblings. Score s_ui = p_u·q_i + b_i. In training the positive's
/// logit is z₀ = s_ui − margin_i − correction·log P(i), a negative's z_l = s_uj − correction·log P(j), with P the
/// sampler's distribution.
/// </summary>
public sealed record LmfOptions : IAlgorithmOptions
{
    /// <summary>The loss.</summary>
    public LmfLoss Loss { get; init; } = LmfLoss.Softmax;

    /// <summary>k, factors of a user or item.</summary>
    public int Factors { get; init; } = 64;

    /// <summary>Passes over the clicks.</summary>
    public int Epochs { get; init; } = 15;

    /// <summary>N, negatives of a click.</summary>
    public int NegativeCount { get; init; } = 32;

    /// <summary>What draws them.</summary>
    public NegativeSamplerSpec Negatives { get; init; } = NegativeSamplerSpec.Uniform;

    /// <summary>η: a row moves by η·g/√(Adagrad sum of the row).</summary>
    public float LearningRate { get; init; } = 0.1f;

    /// <summary>
    /// What is left of the learning rate in the last epoch, in (0, 1]; it falls linearly from the first. Adagrad's steps
    /// shrink by themselves, but not so far that the noise of the last samples does not show.
    /// </summary>
    public float FinalRate { get; init; } = 1;

    /// <summary>λ of the user factors, taken at every click.</summary>
    public float UserRegularization { get; init; } = 0.05f;

    /// <summary>λ of the item factors, taken at every click: once by the positive, and shared evenly by its N negatives.</summary>
    public float ItemRegularization { get; init; } = 0.05f;

    /// <summary>λ of the item biases.</summary>
    public float BiasRegularization { get; init; } = 0.0005f;

    /// <summary>Margin m that a positive has to exceed; 0 for none.</summary>
    public float Margin { get; init; }

    /// <summary>
    /// With it, item i's margin is m·(1 + f_i)^(−1/4), f_i its present count: rare items, of which little is known, are
    /// asked for more (label-distribution-aware margins, Cao et al. 2019).
    /// </summary>
    public bool DynamicMargin { get; init; }

    /// <summary>Share of log P taken off the logits: 1 learns P(i|u), 0 its ratio to P(i).</summary>
    public float Correction { get; init; } = 1;

    /// <summary>Standard deviation of a new row's norm: factors are N(0, spread²/k).</summary>
    public float InitialSpread { get; init; } = 0.3f;

    /// <summary>First value of the Adagrad sums.</summary>
    public float InitialSum { get; init; } = 0.01f;

    /// <summary>How interaction weights enter.</summary>
    public LmfWeighting Weighting { get; init; } = LmfWeighting.Linear;

    /// <summary>Passes over a history when an unknown user is folded in.</summary>
    public int FoldInEpochs { get; init; } = 10;

    /// <summary>Negatives of each history item in a fold-in.</summary>
    public int FoldInNegatives { get; init; } = 32;

    /// <summary>
    /// Blocks of users and of items that training works in: at most this many threads are busy. Part of the options
    /// because results depend on it (they do not on the threads). 0: 16, or fewer for small data.
    /// </summary>
    public int Blocks { get; init; }

    /// <summary>Seed of everything random.</summary>
    public ulong Seed { get; init; } = 42;

    /// <summary>Threads, 0 for one a processor. Results do not depend on it.</summary>
    public int Threads { get; init; }

    /// <summary>The algorithm's name: "lmf", "bpr" or "softmax".</summary>
    public string Algorithm => Loss switch
    {
        LmfLoss.Logistic => "lmf",
        LmfLoss.Bpr => "bpr",
        _ => "softmax",
    };

    /// <summary>Options that do well for a loss (chosen on validation data; see docs/negatives.md).</summary>
    public static LmfOptions For(LmfLoss loss) => loss switch
    {
        LmfLoss.Logistic => new LmfOptions
        {
            Loss = loss,
            NegativeCount = 16,
            Correction = 0,
            UserRegularization = 0.03f,
            ItemRegularization = 0.03f,
            FoldInEpochs = 20,
            FoldInNegatives = 16,
        },
        LmfLoss.Bpr => new LmfOptions
        {
            Loss = loss,
            Epochs = 20,
            NegativeCount = 2,
            Negatives = NegativeSamplerSpec.Parse("mixed:0.5:hard:4:popularity:0.5"),
            LearningRate = 0.2f,
            UserRegularization = 0.03f,
            ItemRegularization = 0.03f,
            Correction = 0,
            InitialSpread = 0.1f,
            FoldInEpochs = 20,
            FoldInNegatives = 2,
        },
        _ => new LmfOptions(),
    };

    /// <summary>Throws on a combination that cannot be served.</summary>
    /// <exception cref="InvalidOptionException">Names the option and the values it may have.</exception>
    public void Validate()
    {
        Check(Factors is >= 1 and <= 4096, "factors", "1 to 4096", Factors);
        Check(Epochs >= 0, "iterations", "0 or more", Epochs);
        Check(NegativeCount is >= 1 and <= 4096, "negative count", "1 to 4096", NegativeCount);
        Check(LearningRate > 0 && float.IsFinite(LearningRate), "learning rate", "above 0", LearningRate);
        Check(FinalRate is > 0 and <= 1, "final rate", "above 0, up to 1", FinalRate);
        Check(UserRegularization >= 0 && float.IsFinite(UserRegularization), "user regularization", "0 or more", UserRegularization);
        Check(ItemRegularization >= 0 && float.IsFinite(ItemRegularization), "item regularization", "0 or more", ItemRegularization);
        Check(BiasRegularization >= 0 && float.IsFinite(BiasRegularization), "bias regularization", "0 or more", BiasRegularization);
        Check(Margin >= 0 && float.IsFinite(Margin), "margin", "0 or more", Margin);
        Check(Correction is >= 0 and <= 1, "correction", "0 to 1", Correction);
        Check(InitialSpread > 0 && float.IsFinite(InitialSpread), "initial spread", "above 0", InitialSpread);
        Check(InitialSum > 0 && float.IsFinite(InitialSum), "initial sum", "above 0", InitialSum);
        Check(FoldInEpochs >= 1, "fold-in epochs", "1 or more", FoldInEpochs);
        Check(FoldInNegatives is >= 1 and <= 4096, "fold-in negatives", "1 to 4096", FoldInNegatives);
        Check(Blocks is >= 0 and <= 1024, "blocks", "0 to 1024", Blocks);
        Check(Threads is >= 0 and <= 1024, "threads", "0 to 1024", Threads);
    }

    /// <summary>The weight of the loss of an interaction with weight <paramref name="f"/>.</summary>
    public float LossWeight(float f) => Weighting switch
    {
        LmfWeighting.Binary => 1,
        LmfWeighting.Log => MathF.Log2(1 + MathF.Abs(f)),
        _ => MathF.Abs(f),
    };

    /// <summary>Standard deviation of one factor of a new row.</summary>
    internal float RowSpread => InitialSpread / MathF.Sqrt(Factors);

    /// <summary>The learning rate of an epoch.</summary>
    internal float RateOf(int epoch) =>
        LearningRate * (Epochs <= 1 ? 1 : 1 - ((1 - FinalRate) * Math.Min(epoch, Epochs - 1) / (Epochs - 1)));

    /// <summary>What draws the negatives of a fold-in: what training draws them with; popularity where that is in-batch.</summary>
    internal NegativeSamplerSpec FoldInSpec => Negatives.WithoutBatch();

    /// <summary>Log P of each item for counts that do not change; null where it is not used.</summary>
    internal float[]? LogProbabilities(ItemCounts counts)
    {
        if (Correction == 0)
        {
            return null;
        }

        var sampler = Negatives.CreateFixed(counts);
        var logs = new float[counts.Items];
        for (int item = 0; item < logs.Length; item++)
        {
            logs[item] = sampler.LogProbability(item);
        }

        return logs;
    }

    private static void Check(bool holds, string option, string range, double value)
    {
        if (!holds)
        {
            throw new InvalidOptionException(
                string.Create(System.Globalization.CultureInfo.InvariantCulture, $"logistic MF: {option} is {value}, must be {range}"));
        }
    }
}
