using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Recsys.Engine.Models;

/// <summary>
/// Options by their command-line names ("factors" → "128"). An algorithm takes the ones it knows; what is left over
/// when it has taken all is an error, so that no option is ever silently ignored.
/// </summary>
public sealed class OptionBag
{
    private static readonly Dictionary<string, bool> Booleans = new() { ["true"] = true, ["false"] = false };

    private readonly Dictionary<string, string> _values;

    /// <summary>Options of the given names and values.</summary>
    public OptionBag(IEnumerable<KeyValuePair<string, string>> values)
    {
        _values = new Dictionary<string, string>(values, StringComparer.Ordinal);
    }

    /// <summary>No options: all defaults.</summary>
    public static OptionBag Empty { get; } = new([]);

    /// <summary>The given names and values.</summary>
    public IReadOnlyDictionary<string, string> Values => _values;

    /// <summary>Options from a JSON object of strings, numbers and booleans.</summary>
    /// <exception cref="InvalidOptionException">A value is something else.</exception>
    public static OptionBag FromJson(JsonObject options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new OptionBag(options.Select(o => new KeyValuePair<string, string>(o.Key, o.Value?.GetValueKind() switch
        {
            JsonValueKind.String => o.Value.GetValue<string>(),
            JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => o.Value.ToJsonString(),
            _ => throw new InvalidOptionException($"option '{o.Key}': expected a text, number or boolean"),
        })));
    }

    /// <summary>The same with one option more (or another value of it).</summary>
    public OptionBag With(string name, string value) =>
        new(_values.Where(v => v.Key != name).Append(new KeyValuePair<string, string>(name, value)));

    /// <summary>A number as an option's text: the shortest that reads back as the same number.</summary>
    public static string Write(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>A number to three significant digits, as chosen values are written.</summary>
    internal static double Round(double value) =>
        double.Parse(value.ToString("G3", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    /// <summary>The text of an option, or null when it was not given.</summary>
    public string? Text(string name) => _values.GetValueOrDefault(name);

    /// <summary>An integer option.</summary>
    public int Int(string name, int otherwise) => Parse(name, otherwise, "a whole number", int.TryParse);

    /// <summary>An unsigned integer option, e.g. a seed.</summary>
    public ulong UInt64(string name, ulong otherwise) => Parse(name, otherwise, "a whole number, 0 or more", ulong.TryParse);

    /// <summary>A real option.</summary>
    public double Double(string name, double otherwise) => Parse(name, otherwise, "a number", double.TryParse);

    /// <summary>A real option, or null when it was not given.</summary>
    public double? Double(string name) => Text(name) is null ? null : Double(name, 0);

    /// <summary>An option that is true or false.</summary>
    public bool Bool(string name, bool otherwise) => Choice(name, otherwise, Booleans);

    /// <summary>An option that names one of a few choices.</summary>
    public T Choice<T>(string name, T otherwise, IReadOnlyDictionary<string, T> choices)
    {
        ArgumentNullException.ThrowIfNull(choices);
        if (!_values.TryGetValue(name, out string? text))
        {
            return otherwise;
        }

        return choices.TryGetValue(text.ToLowerInvariant(), out var value)
            ? value
            : throw new InvalidOptionException($"--{name}: expected one of {string.Join(", ", choices.Keys)}, found '{text}'");
    }

    /// <summary>Refuses options that <paramref name="algorithm"/> does not take.</summary>
    /// <exception cref="InvalidOptionException">There is such an option.</exception>
    public void RequireKnown(IAlgorithm algorithm)
    {
        ArgumentNullException.ThrowIfNull(algorithm);
        foreach (string name in _values.Keys.Order(StringComparer.Ordinal))
        {
            if (!algorithm.Options.Any(o => o.Name == name))
            {
                string takes = string.Join(", ", algorithm.Options.Select(o => "--" + o.Name));
                throw new InvalidOptionException($"{algorithm.Name} does not take --{name}; it takes {takes}");
            }
        }
    }

    private delegate bool Parser<T>(string text, NumberStyles style, IFormatProvider format, out T value);

    private T Parse<T>(string name, T otherwise, string expected, Parser<T> parser)
    {
        if (!_values.TryGetValue(name, out string? text))
        {
            return otherwise;
        }

        return parser(text, NumberStyles.Float & ~NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new InvalidOptionException($"--{name}: expected {expected}, found '{text}'");
    }
}
