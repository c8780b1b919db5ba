using System.CommandLine;
using System.CommandLine.Parsing;
using System.Runtime.InteropServices;
using Recsys.Cli.Output;
using Recsys.Engine;

namespace Recsys.Cli;

/// <summary>
/// Runs a command of the family: exit code 0 when all went well, 1 when the work failed, 2 on wrong usage; errors are one
/// line on standard error, which begins with the command's name.
/// </summary>
internal static class CommandRunner
{
    private const int Failed = 1;
    private const int WrongUsage = 2;

    /// <summary>Runs until done, or until a signal asks to stop.</summary>
    public static async Task<int> RunAsync(Func<CancellationToken, Task<int>> run)
    {
        using var cancellation = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => CancelOnce(signal, cancellation));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => CancelOnce(signal, cancellation));
        return await run(cancellation.Token).ConfigureAwait(false);
    }

    /// <summary>Parses and runs a command line.</summary>
    /// <param name="name">The command as it is called.</param>
    /// <param name="root">What it can do; receives the option <c>--verbose</c>.</param>
    /// <param name="args">The arguments.</param>
    /// <param name="terminal">Where output goes.</param>
    /// <param name="cancelled">What is said when it was cancelled.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <param name="expected">Errors besides the usual ones whose message says enough.</param>
    public static async Task<int> RunAsync(
        string name,
        RootCommand root,
        string[] args,
        Terminal terminal,
        string cancelled,
        CancellationToken cancellationToken,
        Func<Exception, bool>? expected = null)
    {
        var verbose = new Option<bool>("--verbose") { Description = "show the stack trace of an error", Recursive = true };
        root.Options.Add(verbose);
        var parsed = root.Parse(args);
        if (WhatIsWrong(parsed, args) is { } wrong)
        {
            string command = parsed.CommandResult.Command == root ? name : $"{name} {parsed.CommandResult.Command.Name}";
            terminal.Error.WriteLine($"{name}: {wrong} (see {command} --help)");
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
            terminal.Error.WriteLine($"{name}: {cancelled}");
            return Failed;
        }
        catch (Exception e) when (e is RecsysException or IOException or UnauthorizedAccessException || (expected?.Invoke(e) ?? false))
        {
            ShowError(name, terminal, e, e.Message, parsed.GetValue(verbose));
            return e is InvalidOptionException ? WrongUsage : Failed;
        }
        catch (Exception e)
        {
            ShowError(name, terminal, e, $"internal error: {e.Message} (--verbose shows where)", parsed.GetValue(verbose));
            return Failed;
        }
        finally
        {
            terminal.Out.Flush();
        }
    }

    private static string? WhatIsWrong(ParseResult parsed, string[] args)
    {
        if (parsed.Errors.Count > 0)
        {
            return parsed.Errors[0].Message;
        }

        // An option that the command does not have is taken for an argument where it has one, and for a file's name later.
        var unknown = args.Contains("--")
            ? null
            : parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(a => a.Tokens)
                .FirstOrDefault(t => t.Value.StartsWith("--", StringComparison.Ordinal));
        return unknown is null ? null : $"unknown option '{unknown.Value}'";
    }

    private static void ShowError(string name, Terminal terminal, Exception e, string message, bool verbose)
    {
        terminal.Error.WriteLine($"{name}: {message.ReplaceLineEndings(" ")}");
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
