using System.CommandLine;
using Recsys.Cli.Commands;
using Recsys.Cli.Output;

namespace Recsys.Cli;

/// <summary>The <c>recsys</c> command: exit code 0 when all went well, 1 when the work failed, 2 on wrong usage.</summary>
internal static class CommandLineApp
{
    public static Task<int> RunAsync(string[] args, Terminal terminal) =>
        CommandRunner.RunAsync(token => RunAsync(args, terminal, token));

    internal static Task<int> RunAsync(string[] args, Terminal terminal, CancellationToken cancellationToken) => CommandRunner.RunAsync(
        "recsys", CreateRoot(terminal), args.Length == 0 ? ["--help"] : args, terminal, "cancelled; nothing was written", cancellationToken);

    private static RootCommand CreateRoot(Terminal terminal)
    {
        var root = new RootCommand("Recsys: collaborative filtering: train, evaluate, explain and serve recommendations.")
        {
            DemoCommand.Create(terminal),
            FitCommand.Create(terminal),
            EvaluateCommand.Create(terminal),
            TuneCommand.Create(terminal),
            CompareCommand.Create(terminal),
            SplitCommand.Create(terminal),
            RecommendCommand.Create(terminal),
            SimilarCommand.Create(terminal),
            OnboardCommand.Create(terminal),
            InspectCommand.Create(terminal),
            ServeCommand.Create(terminal),
            KeysCommand.Create(terminal),
            ReplayCommand.Create(terminal),
        };
        return root;
    }
}
