using System.CommandLine;
using System.Globalization;
using Recsys.Cli.Options;
using Recsys.Cli.Output;
using Recsys.Engine;
using Recsys.Engine.Data;
using Recsys.Engine.Tuning;

namespace Recsys.Cli.Commands;

/// <summary>The files of a search: what is trained on, chosen on, and at the end examined on.</summary>
internal sealed class TuneFiles(Terminal terminal)
{
    private readonly Argument<string?> _data = new("DATA") { Description = "file of interactions; a part of it is held out to choose on", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string?> _train = File("--train", "the same as DATA");
    private readonly Option<string?> _validation = File("--validation", "choose on these held-out interactions of users of the training data");
    private readonly Option<string?> _validationFoldIn = File("--validation-fold-in", "choose on held-out users: their histories");
    private readonly Option<string?> _validationHeldOut = File("--validation-held-out", "choose on held-out users: what is to be found");
    private readonly Option<string?> _test = File("--test", "measure the best model on these interactions once, at the end; never chosen on");
    private readonly Option<string?> _foldIn = File("--fold-in", "measure the best model on held-out users at the end: their histories");
    private readonly Option<string?> _heldOut = File("--held-out", "measure the best model on held-out users at the end: what is to be found");
    private readonly Option<string> _split = new("--split") { Description = "what is held out to choose on without validation files: items of every user (weak), or users (strong)", HelpName = "weak|strong", DefaultValueFactory = _ => "weak" };
    private readonly Option<double> _share = new("--validation-share") { Description = "share of a user's items that is held out", HelpName = "SHARE", DefaultValueFactory = _ => 0.2 };
    private readonly Option<bool> _all = new("--with-validation") { Description = "train the last model on the validation files too" };

    public void AddTo(Command command)
    {
        _split.AcceptOnlyFromAmong("weak", "strong");
        command.Add(_data);
        foreach (var option in new Option[] { _train, _validation, _validationFoldIn, _validationHeldOut, _split, _share, _all, _test, _foldIn, _heldOut })
        {
            command.Add(option);
        }
    }

    /// <summary>Refuses files that do not go together, before anything is read.</summary>
    public void Require(ParseResult result)
    {
        Require((result.GetValue(_data) is null) != (result.GetValue(_train) is null), "tune needs DATA or --train FILE, one of them");
        Require(
            (result.GetValue(_validationFoldIn) is null) == (result.GetValue(_validationHeldOut) is null),
            "--validation-fold-in and --validation-held-out go together");
        Require(
            result.GetValue(_validation) is null || result.GetValue(_validationHeldOut) is null,
            "choose on --validation FILE, or on --validation-fold-in FILE and --validation-held-out FILE, not on both");
        Require((result.GetValue(_foldIn) is null) == (result.GetValue(_heldOut) is null), "--fold-in and --held-out go together");
        Require(
            result.GetValue(_test) is null || result.GetValue(_heldOut) is null,
            "the test is --test FILE, or --fold-in FILE and --held-out FILE, not both");
        double share = result.GetValue(_share);
        Require(share is > 0 and < 1, string.Create(CultureInfo.InvariantCulture, $"--validation-share: expected a number between 0 and 1, found {share}"));
    }

    public TuneInput Load(ParseResult result, ReadOptions options, ulong seed, CancellationToken token)
    {
        string path = result.GetValue(_data) ?? result.GetValue(_train)!;
        var train = Read(path);
        var held = result.GetValue(_validation) ?? result.GetValue(_validationHeldOut);
        var tuning = held is null
            ? TuningData.Split(train, result.GetValue(_split) == "strong", result.GetValue(_share), seed)
            : new TuningData(train, Optional(_validationFoldIn), Read(held));
        var last = held is null ? train : result.GetValue(_all) ? tuning.All() : train;
        terminal.Notice(string.Create(
            CultureInfo.InvariantCulture,
            $"tune: trains on {tuning.Train.Interactions.Count} interactions, chooses on {tuning.HeldOut.Interactions.Count} held-out ones"));
        return new TuneInput(Path.GetFileName(path), tuning, last, path)
        {
            TestFoldIn = Optional(_foldIn),
            TestHeldOut = Optional(_test) ?? Optional(_heldOut),
        };

        Dataset? Optional(Option<string?> option) => result.GetValue(option) is { } file ? Read(file) : null;

        Dataset Read(string file)
        {
            var dataset = Dataset.Load(file, options, null, out var report, token);
            DataOptionSet.Describe(terminal, dataset, report);
            return dataset;
        }
    }

    private static Option<string?> File(string name, string description) => new(name) { Description = description, HelpName = "FILE" };

    private static void Require(bool holds, string message)
    {
        if (!holds)
        {
            throw new InvalidOptionException(message);
        }
    }
}
