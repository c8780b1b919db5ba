using Recsys.Cli.Output;
using Recsys.Engine.Data;
using Recsys.Engine.Data.Synthetic;

namespace Recsys.Cli.Tests;

/// <summary>Runs the command in this process, in a folder of its own with a small bookshop in it.</summary>
public sealed class CommandLine : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("recsys-cli-").FullName;

    public CommandLine()
    {
        var data = SyntheticCatalogue.Create(new SyntheticOptions { Users = 300, Items = 100, MedianHistory = 15 }).Data;
        WriteRows(Path("train.tsv"), data, 0, 250, keep: _ => true);
        WriteRows(Path("foldin.tsv"), data, 250, 300, keep: e => e % 5 != 0);
        WriteRows(Path("heldout.tsv"), data, 250, 300, keep: e => e % 5 == 0);
    }

    public string Path(string name) => System.IO.Path.Combine(_folder, name);

    public static Task<Outcome> RunAsync(params string[] arguments) => RunAsync(TextReader.Null, arguments);

    public static async Task<Outcome> RunAsync(TextReader input, params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        int code = await CommandLineApp.RunAsync(arguments, new Terminal(output, error, errorIsTerminal: false) { In = input }, CancellationToken.None);
        return new Outcome(code, output.ToString(), error.ToString());
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static void WriteRows(string path, Dataset data, int first, int end, Func<int, bool> keep)
    {
        using var writer = new StreamWriter(path);
        for (int u = first; u < end; u++)
        {
            var items = data.Interactions.Row(u);
            for (int e = 0; e < items.Length; e++)
            {
                if (keep(e))
                {
                    writer.WriteLine($"{data.Users[u]}\t{data.Items[items[e]]}");
                }
            }
        }
    }

    public sealed record Outcome(int Code, string Out, string Error);
}
