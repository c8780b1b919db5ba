using Recsys.Engine.Models;

namespace Recsys.Engine.Comparing;

/// <summary>Ready lists of models for questions that come up again and again.</summary>
public static class ComparisonPresets
{
    private static readonly (string Name, string Base, string[] Bases, (string Label, string Options)[] Models)[] Table =
    [
        (
            "negative-weights", "ease", ["ease"],
            [
                ("as is", ""), ("clipped", "non-negative=clip"), ("constrained", "non-negative=constrained"),
                ("pruned to 10 %", "sparsify=0.1"), ("pruned to 1 %", "sparsify=0.01"), ("pruned to 0.1 %", "sparsify=0.001"),
            ]),
        (
            "samplers", "lmf", ["lmf", "bpr", "softmax"],
            [
                ("uniform", "negatives=uniform"), ("popularity:0.75", "negatives=popularity:0.75"), ("in-batch", "negatives=in-batch:256"),
                ("hard", "negatives=hard:4"), ("mixed", "negatives=mixed:0.5:hard:4"),
            ]),
    ];

    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Table.Select(p => p.Name)];

    /// <summary>
    /// The models of a preset. Of <paramref name="models"/> the first one of an algorithm that the preset is about gives the options
    /// common to all; the others are compared as well.
    /// </summary>
    /// <exception cref="InvalidOptionException">There is no such preset.</exception>
    public static IReadOnlyList<ModelSpec> Expand(string preset, IReadOnlyList<ModelSpec> models)
    {
        ArgumentNullException.ThrowIfNull(models);
        int row = Array.FindIndex(Table, p => p.Name == preset);
        if (row < 0)
        {
            throw new InvalidOptionException($"unknown preset '{preset}'; there are {string.Join(", ", Names)}");
        }

        var (_, name, bases, list) = Table[row];
        var given = models.FirstOrDefault(m => bases.Contains(m.Algorithm.Name));
        var common = given ?? new ModelSpec(name, Algorithms.Get(name), OptionBag.Empty);
        var specs = list.Select(m => new ModelSpec(m.Label, common.Algorithm, With(common.Options, m.Options)));
        return [.. specs, .. models.Where(m => !ReferenceEquals(m, given))];
    }

    private static OptionBag With(OptionBag options, string more)
    {
        if (more.Length == 0)
        {
            return options;
        }

        int equals = more.IndexOf('=', StringComparison.Ordinal);
        return options.With(more[..equals], more[(equals + 1)..]);
    }
}
