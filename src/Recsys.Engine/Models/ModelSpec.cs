namespace Recsys.Engine.Models;

/// <summary>A model to be made: an algorithm with its options, and a name to tell it from others.</summary>
/// <param name="Label">What it is called in tables: the algorithm's name unless said otherwise.</param>
/// <param name="Algorithm">The algorithm.</param>
/// <param name="Options">Its options; those not given have their defaults.</param>
public sealed record ModelSpec(string Label, IAlgorithm Algorithm, OptionBag Options)
{
    /// <summary>
    /// Reads a list of models, separated by semicolons: <c>[LABEL=]ALGORITHM[:OPTION=VALUE,OPTION=VALUE…]</c>, e.g.
    /// <c>als:alpha=11,regularization=100;ease:regularization=700;slow=als:iterations=50</c>. Models that follow without
    /// options may be separated by commas: <c>als,ease,popularity</c>; a label stands at the start or after a semicolon. Labels that stand twice are numbered: als,
    /// als-2. <c>@DIRECTORY</c> in the place of an algorithm is a saved model, trained on the same data.
    /// </summary>
    /// <exception cref="InvalidOptionException">It cannot be read, or an algorithm or option is unknown.</exception>
    public static IReadOnlyList<ModelSpec> ParseList(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var specs = new List<ModelSpec>();
        foreach (string group in text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            ParseGroup(group, specs);
        }

        return specs.Count == 0
            ? throw new InvalidOptionException($"no model is named in '{text}': write e.g. als:alpha=11,regularization=100;ease")
            : specs;
    }

    /// <summary>The list as <see cref="ParseList"/> reads it.</summary>
    public static string Format(IEnumerable<ModelSpec> specs)
    {
        ArgumentNullException.ThrowIfNull(specs);
        return string.Join(';', specs);
    }

    /// <summary>The same with an option of that value, unless the option is given already or the algorithm has no such option.</summary>
    public ModelSpec WithDefault(string name, string? value) =>
        value is null || Options.Text(name) is not null || !Algorithm.Options.Any(o => o.Name == name)
            ? this
            : this with { Options = Options.With(name, value) };

    /// <summary>As in a list of models: <c>als:alpha=11,regularization=100</c>.</summary>
    public override string ToString()
    {
        string label = Label == Algorithm.Name ? "" : Label + "=";
        string options = string.Join(',', Options.Values.Select(o => $"{o.Key}={o.Value}"));
        return label + Algorithm.Name + (options.Length > 0 ? ":" + options : "");
    }

    private static void ParseGroup(string group, List<ModelSpec> specs)
    {
        string? head = null;
        var options = new List<KeyValuePair<string, string>>();
        foreach (string part in group.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            // after a comma NAME=VALUE is an option of the model before, anything else a further model
            if (head is not null && IsOption(part))
            {
                options.Add(Option(part));
                continue;
            }

            Add(head, options, specs);
            int colon = part.IndexOf(':', StringComparison.Ordinal);
            head = colon < 0 ? part : part[..colon];
            options = colon < 0 || colon == part.Length - 1 ? [] : [Option(part[(colon + 1)..])];
        }

        Add(head, options, specs);
    }

    private static void Add(string? head, List<KeyValuePair<string, string>> options, List<ModelSpec> specs)
    {
        if (head is null)
        {
            return;
        }

        int equals = head.IndexOf('=', StringComparison.Ordinal);
        string name = head[(equals + 1)..].Trim();
        IAlgorithm algorithm = name.StartsWith(SavedModel.Mark) ? new SavedModel(name[1..]) : Algorithms.Get(name);
        string label = equals < 0 ? algorithm.Name : head[..equals].Trim();
        if (label.Length == 0 || options.Select(o => o.Key).Distinct().Count() < options.Count)
        {
            throw new InvalidOptionException($"model '{head}': {(label.Length == 0 ? "its label is empty" : "an option is given twice")}");
        }

        var bag = new OptionBag(options);
        bag.RequireKnown(algorithm);
        string unique = label;
        for (int n = 2; specs.Any(s => s.Label == unique); n++)
        {
            unique = $"{label}-{n}";
        }

        specs.Add(new ModelSpec(unique, algorithm, bag));
    }

    /// <summary>Whether NAME=VALUE with an equals sign before any colon; a model's options come after its colon.</summary>
    private static bool IsOption(string part)
    {
        int equals = part.IndexOf('=', StringComparison.Ordinal);
        int colon = part.IndexOf(':', StringComparison.Ordinal);
        return equals >= 0 && (colon < 0 || equals < colon);
    }

    private static KeyValuePair<string, string> Option(string text)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals > 0
            ? new KeyValuePair<string, string>(text[..equals].Trim(), text[(equals + 1)..].Trim())
            : throw new InvalidOptionException($"models: expected OPTION=VALUE, found '{text}'");
    }
}
