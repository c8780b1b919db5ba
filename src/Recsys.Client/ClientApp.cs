using System.CommandLine;
using Npgsql;
using Recsys.Cli;
using Recsys.Cli.Output;
using Recsys.Client.Calls;
using Recsys.Client.Commands;

namespace Recsys.Client;

/// <summary>The <c>recsys-client</c> command: exit codes as those of <c>recsys</c>.</summary>
internal static class ClientApp
{
    public static Task<int> RunAsync(string[] args, Terminal terminal) => CommandRunner.RunAsync(token => RunAsync(args, terminal, token));

    internal static Task<int> RunAsync(string[] args, Terminal terminal, CancellationToken cancellationToken) => CommandRunner.RunAsync(
        "recsys-client", CreateRoot(terminal), args.Length == 0 ? ["--help"] : args, terminal, "cancelled", cancellationToken,
        e => e is NpgsqlException || CallRetry.IsTransient(e));

    private static RootCommand CreateRoot(Terminal terminal)
    {
        var cluster = new ClusterOptionSet();
        var root = new RootCommand("Talks to a cluster of Recsys silos: sends events, trains, asks for recommendations, measures.")
        {
            StatusCommand.Create(terminal, cluster),
            IngestCommand.Create(terminal, cluster),
            TrainCommand.Create(terminal, cluster),
            RecommendCommand.Create(terminal, cluster),
            SimilarCommand.Create(terminal, cluster),
            LoadTestCommand.Create(terminal, cluster),
        };
        cluster.AddTo(root);
        return root;
    }
}
