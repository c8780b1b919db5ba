using System.Globalization;
using System.Net;
using System.Text.Json;
using Recsys.Engine;

namespace Recsys.Silo.Configuration;

/// <summary>Values of settings out of the command line, the environment and a file, each with where it came from.</summary>
internal sealed class SettingValues
{
    private const string DefaultFile = "appsettings.json";
    private const string Section = "recsys";

    private readonly Dictionary<string, (string Value, string Source)> _values = new(StringComparer.Ordinal);

    /// <param name="commandLine">Value given for a setting, or null.</param>
    /// <param name="environment">Value of a variable, or null.</param>
    /// <param name="file">The settings file; null for <c>appsettings.json</c> in the working directory, if it is there.</param>
    /// <exception cref="InvalidOptionException">The file is no settings file.</exception>
    public SettingValues(Func<Setting, string?> commandLine, Func<string, string?> environment, string? file)
    {
        ReadFile(file);
        foreach (var setting in SettingTable.All)
        {
            if (commandLine(setting) is { } given)
            {
                _values[setting.Name] = (given, "--" + setting.Name);
            }
            else if (environment(setting.Variable) is { Length: > 0 } variable)
            {
                _values[setting.Name] = (variable, setting.Variable);
            }
        }
    }

    public string? Text(Setting setting) => _values.TryGetValue(setting.Name, out var found) && found.Value.Length > 0 ? found.Value : null;

    public bool Flag(Setting setting) => _values.TryGetValue(setting.Name, out var found) && found.Value.ToLowerInvariant() switch
    {
        "true" or "1" or "yes" => true,
        "false" or "0" or "no" => false,
        _ => throw Bad(setting, "true or false"),
    };

    public int Number(Setting setting, int least, int most, int missing)
    {
        if (Text(setting) is not { } text)
        {
            return missing;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= least && number <= most
            ? number
            : throw Bad(setting, $"a whole number from {least} to {most}");
    }

    public IPAddress? Address(Setting setting) => Text(setting) is not { } text ? null
        : IPAddress.TryParse(text, out var address) ? address
        : throw Bad(setting, "an IP address");

    public T Choice<T>(Setting setting, T missing)
        where T : struct, Enum
    {
        if (Text(setting) is not { } text)
        {
            return missing;
        }

        return Enum.TryParse<T>(text, ignoreCase: true, out var value) && !char.IsAsciiDigit(text[0])
            ? value
            : throw Bad(setting, string.Join(", ", Enum.GetNames<T>().Select(n => n.ToLowerInvariant())));
    }

    /// <summary>The error for a value that a setting cannot have: names where it was given.</summary>
    public InvalidOptionException Bad(Setting setting, string expected)
    {
        var (value, source) = _values[setting.Name];
        return new InvalidOptionException($"{source}: expected {expected}, found '{value}'");
    }

    private void ReadFile(string? file)
    {
        if (file is null && !File.Exists(DefaultFile))
        {
            return;
        }

        string path = file ?? DefaultFile;
        try
        {
            using var document = JsonDocument.Parse(
                File.ReadAllBytes(path), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            if (!document.RootElement.TryGetProperty(Section, out var section))
            {
                return;
            }

            foreach (var property in section.EnumerateObject())
            {
                if (SettingTable.All.All(s => s.Name != property.Name))
                {
                    throw new InvalidOptionException($"{path}: there is no setting '{property.Name}' (see recsys-silo --help)");
                }

                string value = property.Value.ValueKind is JsonValueKind.Array
                    ? string.Join(',', property.Value.EnumerateArray().Select(v => v.ToString()))
                    : property.Value.ToString();
                _values[property.Name] = (value, $"{path}: {property.Name}");
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new InvalidOptionException($"{path}: expected {{\"{Section}\": {{\"name\": value, …}}}}, found something else");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidOptionException($"{path}: the settings cannot be read: {e.Message.ReplaceLineEndings(" ")}");
        }
    }
}
