using System.CommandLine;
using System.Runtime.InteropServices;
using Recsys.Cli.Commands;
using Recsys.Cli.Output;
using Recsys.Engine;

namespace Recsys.Cli;

/// <summary>The <c>recsys</c> command: exit code 0 when all went well, 1 when the work failed, 2 on wrong usage.</summary>
internal static class CommandLineApp
{
    private const int Failed = 1;
    private const int WrongUsage = 2;

    public static async Task<int> RunAsync(string[] args, Terminal terminal)
    {
        using var cancellation = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => CancelOnce(signal, cancellation));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => CancelOnce(signal, cancellation));
        return await RunAsync(args, terminal, cancellation.Token).ConfigureAwait(false);
    }

    internal static async Task<int> RunAsync(string[] args, Terminal terminal, CancellationToken cancellationToken)
    {
        var verbose = new Option<bool>("--verbose") { Description = "show the stack trace of an error", Recursive = true };
        var root = CreateRoot(terminal, verbose);
        var parsed = root.Parse(args.Length == 0 ? ["--help"] : args);
        if (parsed.Errors.Count > 0)
        {
            string command = parsed.CommandResult.Command == root ? "recsys" : $"recsys {parsed.CommandResult.Command.Name}";
            terminal.Error.WriteLine($"recsys: {parsed.Errors[0].Message} (see {command} --help)");
            return WrongUsage;
        }

        try
        {
            var configuration = new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
                Output = terminal.Out,
                Error = terminal.Error,
            };
            return await parsed.InvokeAsync(configuration, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            terminal.Error.WriteLine("recsys: cancelled; nothing was written");
            return Failed;
        }
        catch (Exception e) when (e is RecsysException or IOException or UnauthorizedAccessException)
        {
            ShowError(terminal, e, e.Message, parsed.GetValue(verbose));
            return e is InvalidOptionException ? WrongUsage : Failed;
        }
        catch (Exception e)
        {
            ShowError(terminal, e, $"internal error: {e.Message} (--verbose shows where)", parsed.GetValue(verbose));
            return Failed;
        }
        finally
        {
            terminal.Out.Flush();
        }
    }

    private static RootCommand CreateRoot(Terminal terminal, Option<bool> verbose)
    {
        var root = new RootCommand("Recsys: collaborative filtering: train, evaluate, explain and serve recommendations.")
        {
            verbose,
            DemoCommand.Create(terminal),
            FitCommand.Create(terminal),
            EvaluateCommand.Create(terminal),
            CompareCommand.Create(terminal),
            SplitCommand.Create(terminal),
            RecommendCommand.Create(terminal),
            SimilarCommand.Create(terminal),
            InspectCommand.Create(terminal),
            ServeCommand.Create(terminal),
            KeysCommand.Create(terminal),
            ReplayCommand.Create(terminal),
        };
        return root;
    }

    private static void ShowError(Terminal terminal, Exception e, string message, bool verbose)
    {
        terminal.Error.WriteLine($"recsys: {message.ReplaceLineEndings(" ")}");
        if (verbose)
        {
            terminal.Error.WriteLine(e.ToString());
        }
    }

    /// <summary>The first signal asks the work to stop; a second one has its usual effect.</summary>
    private static void CancelOnce(PosixSignalContext signal, CancellationTokenSource cancellation)
    {
        if (!cancellation.IsCancellationRequested)
        {
            signal.Cancel = true;
            cancellation.Cancel();
        }
    }
}
