using Recsys.Engine.Negatives;

namespace Recsys.Engine.Online.Prequential;

/// <summary>
/// The strategies there are, by name: <c>frozen</c> (ALS of the training part, users as they were then), <c>fold-in</c> (the
/// same items, users solved from their present histories), <c>lmf:SAMPLER</c> (logistic MF that learns each event with
/// negatives of that sampler), <c>ease</c> (EASE kept exact), and what they are to be held against: <c>popularity</c>
/// (counts kept current), <c>lmf-frozen:SAMPLER</c>, <c>ease-frozen</c> and <c>ease-fold-in</c> (B of the training part over
/// present histories).
/// </summary>
public static class PrequentialStrategies
{
    private const string Online = "lmf:";
    private const string Still = "lmf-frozen:";
    private static readonly string[] Plain = ["popularity", "frozen", "fold-in", "ease", "ease-frozen", "ease-fold-in"];

    /// <summary>What is compared when nothing is said.</summary>
    public static IReadOnlyList<string> Default { get; } =
    [
        "frozen", "fold-in", "lmf:uniform", "lmf:popularity:0.75", "lmf:hard:4", "lmf:mixed:0.5:hard:4", "lmf:in-batch", "ease",
        "popularity", "lmf-frozen:uniform", "ease-frozen", "ease-fold-in",
    ];

    internal static void Check(string name)
    {
        if (Sampler(name) is null && !Plain.Contains(name))
        {
            throw new InvalidOptionException($"unknown strategy '{name}'; there are {string.Join(", ", Plain)}, {Online}SAMPLER and {Still}SAMPLER");
        }
    }

    internal static PrequentialStrategy Create(string name, PrequentialOptions options) => name switch
    {
        "popularity" => new PopularityStrategy(name),
        "frozen" => new AlsStrategy(name, options, foldIn: false),
        "fold-in" => new AlsStrategy(name, options, foldIn: true),
        "ease" => new EaseStrategy(name, options, EaseUpdating.Exact),
        "ease-frozen" => new EaseStrategy(name, options, EaseUpdating.None),
        "ease-fold-in" => new EaseStrategy(name, options, EaseUpdating.Histories),
        _ => new LmfStrategy(name, options, Sampler(name)!, learns: name.StartsWith(Online, StringComparison.Ordinal)),
    };

    private static NegativeSamplerSpec? Sampler(string name) =>
        name.StartsWith(Online, StringComparison.Ordinal) ? NegativeSamplerSpec.Parse(name[Online.Length..])
        : name.StartsWith(Still, StringComparison.Ordinal) ? NegativeSamplerSpec.Parse(name[Still.Length..])
        : null;
}
