using Spectre.Console;

namespace Recsys.Cli.Output;

/// <summary>Where results, messages and progress go.</summary>
/// <param name="out">Results: what the user asked for.</param>
/// <param name="error">Progress, notices and errors.</param>
/// <param name="errorIsTerminal">Whether a person watches <paramref name="error"/>: progress bars instead of lines.</param>
internal sealed class Terminal(TextWriter @out, TextWriter error, bool errorIsTerminal)
{
    private IAnsiConsole? _errorConsole;

    public TextWriter Out { get; } = @out;

    public TextWriter Error { get; } = error;

    /// <summary>Where a person's answers come from.</summary>
    public TextReader In { get; init; } = Console.In;

    public bool ErrorIsTerminal { get; } = errorIsTerminal;

    /// <summary>A console for progress bars on the error stream.</summary>
    public IAnsiConsole ErrorConsole => _errorConsole ??= AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Error) });

    public static Terminal ForProcess()
    {
        var utf8 = new System.Text.UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        var standardOut = new StreamWriter(Console.OpenStandardOutput(), utf8, 1 << 14) { AutoFlush = false };
        var standardError = new StreamWriter(Console.OpenStandardError(), utf8) { AutoFlush = true };
        return new Terminal(standardOut, standardError, !Console.IsErrorRedirected && !Console.IsOutputRedirected);
    }

    /// <summary>A line for the person, not part of the result.</summary>
    public void Notice(string line) => Error.WriteLine(line);
}
