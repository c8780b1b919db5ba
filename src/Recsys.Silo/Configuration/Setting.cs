namespace Recsys.Silo.Configuration;

/// <summary>
/// Something that can be configured: <c>--silo-port</c> on the command line, <c>RECSYS_SILO_PORT</c> in the environment,
/// <c>"silo-port"</c> in the settings file; the first of them that is there counts.
/// </summary>
/// <param name="Name">Its name on the command line, without the dashes.</param>
/// <param name="HelpName">What its value is called in the help; null for a switch.</param>
/// <param name="Description">One line for the help.</param>
internal sealed record Setting(string Name, string? HelpName, string Description)
{
    public string Variable => "RECSYS_" + Name.Replace('-', '_').ToUpperInvariant();
}
