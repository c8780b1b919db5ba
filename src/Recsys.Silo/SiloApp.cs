using System.CommandLine;
using Npgsql;
using Recsys.Cli;
using Recsys.Cli.Output;
using Recsys.Silo.Configuration;
using Recsys.Silo.Hosting;

namespace Recsys.Silo;

/// <summary>The <c>recsys-silo</c> command.</summary>
internal static class SiloApp
{
    private const string Description =
        """
        Recsys silo: one process of a cluster: trains, learns and serves, and answers over HTTP.

        Without options: a cluster of one silo on this machine. Further silos on the machine: --silo 1, --silo 2, …
        Every option is also read from the environment (--silo-port: RECSYS_SILO_PORT) and from appsettings.json
        ({"recsys": {"silo-port": 11111}}); the command line comes first, then the environment.
        """;

    public static Task<int> RunAsync(string[] args, Terminal terminal) => CommandRunner.RunAsync(token => RunAsync(args, terminal, token));

    internal static Task<int> RunAsync(string[] args, Terminal terminal, CancellationToken cancellationToken) => CommandRunner.RunAsync(
        "recsys-silo", CreateRoot(terminal), args, terminal, "stopped", cancellationToken, e => e is NpgsqlException);

    private static RootCommand CreateRoot(Terminal terminal)
    {
        var file = new Option<string?>("--settings") { Description = "settings file (default appsettings.json here, if there is one)", HelpName = "FILE" };
        var root = new RootCommand(Description) { file };
        var given = new Dictionary<Setting, Func<ParseResult, string?>>();
        foreach (var setting in SettingTable.All)
        {
            if (setting.HelpName is { } helpName)
            {
                var option = new Option<string?>("--" + setting.Name) { Description = setting.Description, HelpName = helpName };
                root.Options.Add(option);
                given[setting] = result => result.GetValue(option);
            }
            else
            {
                var option = new Option<bool>("--" + setting.Name) { Description = setting.Description };
                root.Options.Add(option);
                given[setting] = result => result.GetResult(option) is { Implicit: false } ? (result.GetValue(option) ? "true" : "false") : null;
            }
        }

        root.SetAction((result, token) =>
        {
            var values = new SettingValues(setting => given[setting](result), Environment.GetEnvironmentVariable, result.GetValue(file));
            return SiloRun.RunAsync(SiloSettings.From(values), terminal, token);
        });
        return root;
    }
}
