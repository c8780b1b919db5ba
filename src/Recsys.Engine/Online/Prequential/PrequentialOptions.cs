using Recsys.Engine.Als;
using Recsys.Engine.Evaluation;
using Recsys.Engine.Logistic;
using Recsys.Engine.Negatives;

namespace Recsys.Engine.Online.Prequential;

/// <summary>How <see cref="PrequentialRun"/> evaluates.</summary>
public sealed record PrequentialOptions
{
    /// <summary>Share of the events, the earliest, that models are trained on before the rest is streamed.</summary>
    public double TrainShare { get; init; } = 0.5;

    /// <summary>What is compared, by name; see <see cref="PrequentialStrategies"/>.</summary>
    public IReadOnlyList<string> Strategies { get; init; } = PrequentialStrategies.Default;

    /// <summary>Metrics of the one true item's rank; coverage, novelty and gini are not among those it has.</summary>
    public IReadOnlyList<Metric> Metrics { get; init; } = Metric.ParseList("hit_rate@10,recall@20,ndcg@10,ndcg@20,mrr@100");

    /// <summary>ALS of "frozen" and "fold-in".</summary>
    public AlsOptions Als { get; init; } = new() { Factors = 64, Alpha = 5, Regularization = 20 };

    /// <summary>Logistic MF of "lmf:…"; the sampler is the strategy's.</summary>
    public LmfOptions Lmf { get; init; } = new();

    /// <summary>λ of "ease…".</summary>
    public double EaseRegularization { get; init; } = 200;

    /// <summary>Events after which exact EASE takes a step.</summary>
    public int EaseEvery { get; init; } = 16;

    /// <summary>Slices of the stream that curves are drawn over.</summary>
    public int Slices { get; init; } = 20;

    /// <summary>Bootstrap resamples of the users; 0 for no intervals.</summary>
    public int Resamples { get; init; } = 1000;

    /// <summary>Level of the intervals.</summary>
    public double Confidence { get; init; } = 0.95;

    /// <summary>Seed of everything random.</summary>
    public ulong Seed { get; init; } = 42;

    /// <summary>Threads of training; 0 for one per processor.</summary>
    public int Threads { get; init; }

    /// <summary>Refuses what cannot be served.</summary>
    /// <exception cref="InvalidOptionException">An option is out of its range.</exception>
    public void Validate()
    {
        Require(TrainShare is > 0 and < 1, $"the share to train on is {TrainShare}, must be between 0 and 1");
        Require(Strategies.Count > 0, "no strategy is named");
        Require(Metrics.Count > 0 && Metrics.All(m => m.IsAccuracy), "metrics must be of the ranking: recall, ndcg, hit_rate, precision, mrr or map");
        Require(EaseRegularization > 0, $"regularization of EASE is {EaseRegularization}, must be above 0");
        Require(EaseEvery >= 1, $"EASE takes a step every {EaseEvery} events, must be 1 or more");
        Require(Slices is >= 1 and <= 1000, $"slices is {Slices}, must be 1 to 1000");
        Require(Resamples is 0 or >= 20, $"bootstrap resamples is {Resamples}, must be 0, or 20 or more");
        Require(Confidence is > 0 and < 1, $"confidence is {Confidence}, must be between 0 and 1");
        Als.Validate();
        Lmf.Validate();
        foreach (string name in Strategies)
        {
            PrequentialStrategies.Check(name);
        }
    }

    private static void Require(bool holds, string message)
    {
        if (!holds)
        {
            throw new InvalidOptionException("replay: " + message);
        }
    }
}
