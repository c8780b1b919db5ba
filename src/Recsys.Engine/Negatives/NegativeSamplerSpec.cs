using System.Globalization;

namespace Recsys.Engine.Negatives;

/// <summary>
/// Which negative sampler is meant, as on the command line:
/// <c>uniform</c>; <c>popularity[:a]</c> (f^a, a = 0.75); <c>in-batch[:window]</c> (256 clicks);
/// <c>hard:M[:base]</c> (best of M draws of the base, one of the former; uniform where none is named);
/// <c>mixed:fraction:hard:M[:base]</c> (that fraction hard, the rest drawn by the base).
/// </summary>
public sealed record NegativeSamplerSpec
{
    private const int DefaultWindow = 256;
    private const double DefaultExponent = 0.75;

    private NegativeSamplerSpec(NegativeBase source) => Source = source;

    /// <summary>Every unseen item alike.</summary>
    public static NegativeSamplerSpec Uniform { get; } = new(NegativeBase.Uniform);

    /// <summary>What draws items.</summary>
    public NegativeBase Source { get; private init; }

    /// <summary>a of popularity^a, in [0, 1].</summary>
    public double Exponent { get; private init; } = DefaultExponent;

    /// <summary>Clicks in the window of in-batch negatives.</summary>
    public int Window { get; private init; } = DefaultWindow;

    /// <summary>Draws of which the hardest is kept; 0 where negatives are not hard.</summary>
    public int HardCandidates { get; private init; }

    /// <summary>Share of negatives that are hard, 1 unless mixed.</summary>
    public double HardFraction { get; private init; } = 1;

    /// <summary>Popularity^a.</summary>
    public static NegativeSamplerSpec Popularity(double exponent = DefaultExponent) => Parse(
        string.Create(CultureInfo.InvariantCulture, $"popularity:{exponent}"));

    /// <summary>Reads a specification.</summary>
    /// <exception cref="InvalidOptionException">It is none; says which part and what may stand there.</exception>
    public static NegativeSamplerSpec Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var parts = new Queue<string>(text.Trim().Split(':'));
        var spec = Uniform;
        string name = parts.Dequeue();
        if (name == "mixed")
        {
            spec = spec with { HardFraction = Number(text, parts, "the fraction of hard negatives", 0, 1, null) };
            if (!parts.TryDequeue(out string? next) || next != "hard")
            {
                throw Wrong(text, $"expected 'hard' after the fraction, found {(next is null ? "nothing" : $"'{next}'")}");
            }

            name = next;
        }

        if (name == "hard")
        {
            spec = spec with { HardCandidates = (int)Whole(text, parts, "the number of candidates", 1, 1024, null) };
            if (!parts.TryDequeue(out string? baseName))
            {
                return spec;
            }

            name = baseName;
        }

        spec = name switch
        {
            "uniform" => spec,
            "popularity" => spec with
            {
                Source = NegativeBase.Popularity,
                Exponent = Number(text, parts, "the exponent of popularity", 0, 1, DefaultExponent),
            },
            "in-batch" => spec with
            {
                Source = NegativeBase.InBatch,
                Window = (int)Whole(text, parts, "the window", 1, 1 << 20, DefaultWindow),
            },
            _ => throw Wrong(text, $"expected uniform, popularity{(spec.HardCandidates == 0 ? ", in-batch, hard or mixed" : " or in-batch")}, found '{name}'"),
        };
        return parts.Count == 0 ? spec : throw Wrong(text, $"nothing may follow, found '{parts.Peek()}'");
    }

    /// <summary>The specification as <see cref="Parse"/> reads it.</summary>
    public override string ToString()
    {
        string hard = HardCandidates == 0 ? "" : $"hard:{HardCandidates}:";
        string mixed = HardCandidates == 0 || HardFraction == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $"mixed:{HardFraction}:");
        return mixed + hard + Source switch
        {
            NegativeBase.Popularity => string.Create(CultureInfo.InvariantCulture, $"popularity:{Exponent}"),
            NegativeBase.InBatch => $"in-batch:{Window}",
            _ => "uniform",
        };
    }

    /// <summary>A sampler whose distribution follows <paramref name="counts"/> as <see cref="INegativeSampler.CountChanged"/> tells of changes.</summary>
    /// <param name="counts">Users of each item, kept current by the caller.</param>
    /// <param name="window">For in-batch negatives a window to use instead of an empty one of its own.</param>
    public INegativeSampler CreateLive(ItemCounts counts, InBatchSampler? window = null) => Wrap(Source switch
    {
        NegativeBase.Popularity => new SourceSampler(new TreeSource(counts, Exponent)),
        NegativeBase.InBatch => window ?? new InBatchSampler(Window, counts),
        _ => new SourceSampler(new UniformSource(counts.Items)),
    });

    /// <summary>A sampler for counts that do not change.</summary>
    /// <param name="counts">Users of each item.</param>
    /// <param name="items">The items it may draw, strictly ascending; null for all.</param>
    public INegativeSampler CreateFixed(ItemCounts counts, int[]? items = null) => Wrap(Source switch
    {
        NegativeBase.Popularity => new SourceSampler(new AliasSource(counts, Exponent, items)),
        NegativeBase.InBatch => new InBatchSampler(Window, counts),
        _ => new SourceSampler(items is null ? new UniformSource(counts.Items) : new UniformSource(items)),
    });

    /// <summary>The same where there is no batch: popularity¹, its distribution, instead of in-batch.</summary>
    internal NegativeSamplerSpec WithoutBatch() =>
        Source == NegativeBase.InBatch ? this with { Source = NegativeBase.Popularity, Exponent = 1 } : this;

    private static InvalidOptionException Wrong(string text, string what) => new($"negatives '{text}': {what}");

    private static double Number(string text, Queue<string> parts, string what, double low, double high, double? otherwise)
    {
        if (!parts.TryDequeue(out string? part))
        {
            return otherwise ?? throw Wrong(text, $"{what} is missing (a number from {low} to {high})");
        }

        return double.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= low && value <= high
            ? value
            : throw Wrong(text, $"{what} is a number from {low} to {high}, found '{part}'");
    }

    private static double Whole(string text, Queue<string> parts, string what, int low, int high, double? otherwise)
    {
        double value = Number(text, parts, what, low, high, otherwise);
        return value == Math.Floor(value) ? value : throw Wrong(text, $"{what} is a whole number, found '{value}'");
    }

    private INegativeSampler Wrap(INegativeSampler source) => HardCandidates == 0
        ? source
        : HardFraction == 1 ? new HardSampler(HardCandidates, source) : new MixedSampler(HardFraction, HardCandidates, source);
}
