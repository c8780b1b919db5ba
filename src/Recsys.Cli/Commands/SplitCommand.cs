using System.CommandLine;
using System.Globalization;
using Recsys.Cli.Options;
using Recsys.Cli.Output;
using Recsys.Engine;
using Recsys.Engine.Data;

namespace Recsys.Cli.Commands;

/// <summary><c>recsys split DATA --strategy … -o FOLDER</c>: divides interactions into files to train and to test on.</summary>
internal static class SplitCommand
{
    private static readonly Dictionary<string, SplitStrategy> Strategies = new()
    {
        ["strong"] = SplitStrategy.Strong,
        ["weak"] = SplitStrategy.Weak,
        ["leave-last-out"] = SplitStrategy.LeaveLastOut,
        ["temporal"] = SplitStrategy.Temporal,
    };

    public static Command Create(Terminal terminal)
    {
        var data = new Argument<string>("DATA") { Description = "file of interactions" };
        var output = new Option<string>("--output", "-o") { Description = "folder to write the parts to", HelpName = "FOLDER", Required = true };
        var strategy = new Option<string>("--strategy")
        {
            Description = "strong: held-out users; weak: some items of every user; leave-last-out: the last items of every user; temporal: what came after a moment",
            HelpName = string.Join('|', Strategies.Keys),
            DefaultValueFactory = _ => "strong",
        };
        strategy.AcceptOnlyFromAmong([.. Strategies.Keys]);
        var seed = new Option<ulong>("--seed") { Description = "what falls where depends on it and the ids alone", HelpName = "N", DefaultValueFactory = _ => 42 };
        var validation = new Option<double?>("--validation")
        {
            Description = "validation part: users (strong), last items a user (leave-last-out); below 1 a fraction (strong default 0.1, else 0)",
            HelpName = "AMOUNT",
        };
        var test = new Option<double?>("--test")
        {
            Description = "test part, likewise (default: strong 0.1, weak and temporal 0.2, leave-last-out 1)",
            HelpName = "AMOUNT",
        };
        var heldOut = new Option<double>("--held-out") { Description = "strong: share of a held-out user's items to be found", HelpName = "SHARE", DefaultValueFactory = _ => 0.2 };
        var from = new Option<long?>("--from") { Description = "temporal: the test part starts at this time", HelpName = "TIME" };
        var least = new Option<int>("--min-items") { Description = "leave out users with fewer items", HelpName = "N", DefaultValueFactory = _ => 1 };
        var cold = new Option<bool>("--keep-cold-items") { Description = "keep held-out items that the training part does not have" };
        var compress = new Option<bool>("--gzip") { Description = "compress the files" };
        var reading = new DataOptionSet();
        var command = new Command("split", "Divides interactions into files to train and to test on.")
        {
            data, output, strategy, seed, validation, test, heldOut, from, least, cold, compress,
        };
        reading.AddTo(command);
        command.SetAction((result, token) => Task.FromResult(Run(result, token)));
        return command;

        int Run(ParseResult result, CancellationToken token)
        {
            var readOptions = reading.Read(result);
            var kind = Strategies[result.GetValue(strategy)!];
            var options = WithAmounts(
                new SplitOptions
                {
                    Strategy = kind,
                    Seed = result.GetValue(seed),
                    HeldOutFraction = result.GetValue(heldOut),
                    TestFrom = result.GetValue(from),
                    MinItemsPerUser = result.GetValue(least),
                    KeepColdItems = result.GetValue(cold),
                    Duplicates = readOptions.Duplicates,
                },
                result.GetValue(validation),
                result.GetValue(test));
            options.Validate();
            var (log, report) = InteractionReader.Read(result.GetValue(data)!, readOptions, null, token);
            DataOptionSet.DescribeLeftOut(terminal, report);
            var split = Splitter.Split(log, options);
            foreach (string path in split.Write(result.GetValue(output)!, null, result.GetValue(compress), token))
            {
                terminal.Out.WriteLine(path);
            }

            Describe(split);
            return 0;
        }

        void Describe(DataSplit split)
        {
            terminal.Notice(string.Create(
                CultureInfo.InvariantCulture,
                $"train: {split.Train.Users.Count} users, {split.Train.Interactions.Count} interactions"));
            DescribePart("validation", split.Validation);
            DescribePart("test", split.Test);
            DescribeLeftOut(split.ColdItems, "have items that the training part does not have");
            DescribeLeftOut(split.Repeats, "repeat what the user had before");
            DescribeLeftOut(split.SmallUsers, "are of users with too few items");
        }

        void DescribePart(string name, HeldOutPart? part)
        {
            if (part is not null)
            {
                int users = Enumerable.Range(0, part.HeldOut.Rows).Count(r => part.HeldOut.RowLength(r) > 0);
                terminal.Notice(string.Create(CultureInfo.InvariantCulture, $"{name}: {users} users, {part.HeldOut.Count} held-out interactions"));
            }
        }

        void DescribeLeftOut(long count, string why)
        {
            if (count > 0)
            {
                terminal.Notice(string.Create(CultureInfo.InvariantCulture, $"left out: {count} interactions {why}"));
            }
        }
    }

    private static SplitOptions WithAmounts(SplitOptions options, double? validation, double? test)
    {
        bool users = options.Strategy == SplitStrategy.Strong;
        bool last = options.Strategy == SplitStrategy.LeaveLastOut;
        return options with
        {
            ValidationUsers = users ? validation ?? options.ValidationUsers : options.ValidationUsers,
            TestUsers = users ? test ?? options.TestUsers : options.TestUsers,
            ValidationLast = last ? Whole(validation ?? options.ValidationLast, "--validation") : options.ValidationLast,
            TestLast = last ? Whole(test ?? options.TestLast, "--test") : options.TestLast,
            ValidationFraction = users || last ? options.ValidationFraction : validation ?? options.ValidationFraction,
            TestFraction = users || last ? options.TestFraction : test ?? options.TestFraction,
        };
    }

    private static int Whole(double value, string option) => value >= 0 && value == Math.Floor(value) && value < int.MaxValue
        ? (int)value
        : throw new InvalidOptionException($"{option}: expected a whole number, found {value.ToString(CultureInfo.InvariantCulture)}");
}
