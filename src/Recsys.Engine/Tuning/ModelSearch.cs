using System.Globalization;
using Recsys.Engine.Models;

namespace Recsys.Engine.Tuning;

/// <summary>What is searched of one algorithm: options that stay, options to choose, and the rungs of iterations.</summary>
public sealed record ModelSearch
{
    private ModelSearch(IAlgorithm algorithm, OptionBag options, IReadOnlyList<SearchDimension> dimensions, IReadOnlyList<int> iterations)
    {
        Algorithm = algorithm;
        Options = options;
        Dimensions = dimensions;
        Iterations = iterations;
    }

    /// <summary>The algorithm.</summary>
    public IAlgorithm Algorithm { get; }

    /// <summary>Options that every trial has.</summary>
    public OptionBag Options { get; }

    /// <summary>Options to choose, in the algorithm's order.</summary>
    public IReadOnlyList<SearchDimension> Dimensions { get; }

    /// <summary>Iterations of each rung, ascending; empty for algorithms without.</summary>
    public IReadOnlyList<int> Iterations { get; }

    /// <summary>
    /// A search of an algorithm. Of the options given, spans (<c>1..100</c>) and lists (<c>64,128</c>) are chosen from, single
    /// values stay; options not given are searched in the range the algorithm declares, or stay at their default.
    /// For iterations a list names the rungs of successive halving, a span their ends, and one number the last rung.
    /// </summary>
    /// <exception cref="InvalidOptionException">The algorithm does not take such an option, or a range cannot be read or served.</exception>
    public static ModelSearch Create(IAlgorithm algorithm, OptionBag given)
    {
        ArgumentNullException.ThrowIfNull(algorithm);
        ArgumentNullException.ThrowIfNull(given);
        given.RequireKnown(algorithm);
        var traits = algorithm.Tuning;
        var stay = new Dictionary<string, string>();
        var dimensions = new List<SearchDimension>();
        var iterations = traits.Rungs;
        foreach (var option in algorithm.Options)
        {
            if (given.Text(option.Name) is not { } text)
            {
                if (option.Search is { } declared && !IsReplaced(option.Name, given))
                {
                    dimensions.Add(new SearchDimension(option.Name, declared));
                }

                continue;
            }

            var range = SearchRange.Parse(option.Name, text, option.Search);
            if (option.Name == traits.Iterations)
            {
                iterations = Rungs(option.Name, range);
            }
            else if (range.IsFixed)
            {
                stay[option.Name] = range.At(0);
            }
            else
            {
                dimensions.Add(new SearchDimension(option.Name, range));
            }
        }

        return new ModelSearch(algorithm, new OptionBag(stay), dimensions, iterations);
    }

    /// <summary>The ranges as a line for people: "factors 64,128,256; alpha default/8..default·8".</summary>
    public override string ToString() => Dimensions.Count == 0
        ? "nothing to choose"
        : string.Join("; ", Dimensions.Select(d => $"{d.Name} {d.Range}"));

    /// <summary>λ of both sides is not searched where a side's own is given.</summary>
    private static bool IsReplaced(string name, OptionBag given) =>
        given.Values.Keys.Any(k => k != name && k.EndsWith("-" + name, StringComparison.Ordinal) && !k.StartsWith("bias", StringComparison.Ordinal));

    private static int[] Rungs(string name, SearchRange range)
    {
        if (range.IsSpan)
        {
            var rungs = new List<int> { (int)range.High };
            while (range.Whole && rungs[^1] / 3 > range.Low)
            {
                rungs.Add(rungs[^1] / 3);
            }

            rungs.Add((int)range.Low);
            Require(range.Whole && range.Low >= 1 && range.High <= int.MaxValue);
            return [.. rungs.Distinct().Order()];
        }

        int[] values = [.. range.Choices.Select(c =>
            int.TryParse(c, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= 1
                ? value
                : throw new InvalidOptionException($"--{name}: expected whole numbers from 1, found '{c}'"))];
        return values.Length > 1 ? [.. values.Order()] : values[0] >= 6 ? [(values[0] + 2) / 3, values[0]] : values;

        void Require(bool holds)
        {
            if (!holds)
            {
                throw new InvalidOptionException($"--{name}: expected whole numbers from 1, found '{range}'");
            }
        }
    }
}
