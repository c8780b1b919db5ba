using Recsys.Engine.Data.Synthetic;
using Recsys.Engine.Models;
using Recsys.Engine.Tuning;

namespace Recsys.Engine.Tests.Tuning;

/// <summary>A small bookshop to choose options on, and searches that take little time.</summary>
internal static class TuningTestData
{
    public static TuningOptions Options { get; } = new() { Trials = 14, Threads = 2 };

    public static TuningData Weak { get; } = Create(strong: false);

    public static TuningData Strong { get; } = Create(strong: true);

    public static ModelSearch AlsSearch(params (string Name, string Value)[] options) =>
        Search("als", [("factors", "4,8"), ("iterations", "2,6"), .. options]);

    public static ModelSearch Search(string model, params (string Name, string Value)[] options) =>
        ModelSearch.Create(Algorithms.Get(model), Bag(options));

    public static OptionBag Bag(params (string Name, string Value)[] options) =>
        new(options.Select(o => KeyValuePair.Create(o.Name, o.Value)));

    /// <summary>What was tried and what it gave, without times.</summary>
    public static string[] Told(TuningResult result) =>
        [.. result.Trials.Select(t => FormattableString.Invariant($"{t.Number}/{t.Rung} {t.CommandLine} {t.Items} {t.Value:R} {t.StandardError:R}"))];

    private static TuningData Create(bool strong) => TuningData.Split(
        SyntheticCatalogue.Create(new SyntheticOptions { Users = 300, Items = 120, MedianHistory = 15 }).Data, strong, 0.2, 7);
}
