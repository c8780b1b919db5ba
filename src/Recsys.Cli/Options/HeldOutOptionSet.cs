using System.CommandLine;
using Recsys.Cli.Output;
using Recsys.Engine;
using Recsys.Engine.Comparing;
using Recsys.Engine.Data;

namespace Recsys.Cli.Options;

/// <summary>Files to train on, to fit weights on and to examine on.</summary>
internal sealed class HeldOutOptionSet
{
    private readonly Option<string> _train = new("--train") { Description = "training interactions", HelpName = "FILE", Required = true };
    private readonly Option<string?> _test = File("--test", "held-out interactions of users of the training data (weak generalisation)");
    private readonly Option<string?> _foldIn = File("--fold-in", "histories of users to fold in (strong generalisation)");
    private readonly Option<string?> _heldOut = File("--held-out", "held-out interactions of the users of --fold-in");
    private readonly Option<string?> _validation = File("--validation", "as --test, to fit the weights of blends on");
    private readonly Option<string?> _validationFoldIn = File("--validation-fold-in", "as --fold-in, to fit the weights of blends on");
    private readonly Option<string?> _validationHeldOut = File("--validation-held-out", "held-out interactions of the users of --validation-fold-in");

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _train, _test, _foldIn, _heldOut, _validation, _validationFoldIn, _validationHeldOut })
        {
            command.Add(option);
        }
    }

    public bool IsStrong(ParseResult result) => result.GetValue(_heldOut) is not null;

    /// <summary>Refuses files that do not go together.</summary>
    public void Require(ParseResult result)
    {
        if ((result.GetValue(_foldIn) is null) != (result.GetValue(_heldOut) is null))
        {
            throw new InvalidOptionException("--fold-in and --held-out go together");
        }

        if ((result.GetValue(_test) is null) == (result.GetValue(_heldOut) is null))
        {
            throw new InvalidOptionException("compare needs either --test FILE, or --fold-in FILE and --held-out FILE");
        }

        if ((result.GetValue(_validationFoldIn) is null) != (result.GetValue(_validationHeldOut) is null))
        {
            throw new InvalidOptionException("--validation-fold-in and --validation-held-out go together");
        }

        if (result.GetValue(_validation) is not null && result.GetValue(_validationHeldOut) is not null)
        {
            throw new InvalidOptionException("either --validation FILE, or --validation-fold-in FILE and --validation-held-out FILE");
        }
    }

    public ComparisonData Load(ParseResult result, ReadOptions options, Terminal terminal, CancellationToken cancellationToken)
    {
        string train = result.GetValue(_train)!;
        return new ComparisonData(NameOf(train), Read(train), Users(result.GetValue(_foldIn), (result.GetValue(_heldOut) ?? result.GetValue(_test))!))
        {
            Validation = (result.GetValue(_validationHeldOut) ?? result.GetValue(_validation)) is { } heldOut
                ? Users(result.GetValue(_validationFoldIn), heldOut)
                : null,
        };

        ExaminedUsers Users(string? foldIn, string heldOut) => new(foldIn is null ? null : Read(foldIn), Read(heldOut));

        Dataset Read(string path)
        {
            var dataset = Dataset.Load(path, options, null, out var report, cancellationToken);
            DataOptionSet.Describe(terminal, dataset, report);
            return dataset;
        }
    }

    /// <summary>The file with its folder, which often names the data set: "ml-1m/train.tsv".</summary>
    internal static string NameOf(string path)
    {
        string? folder = Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(path)));
        return string.IsNullOrEmpty(folder) ? Path.GetFileName(path) : $"{folder}/{Path.GetFileName(path)}";
    }

    private static Option<string?> File(string name, string description) => new(name) { Description = description, HelpName = "FILE" };
}
