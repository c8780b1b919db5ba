using System.CommandLine;
using System.Globalization;
using Recsys.Cli.Options;
using Recsys.Cli.Output;
using Recsys.Engine;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Storage;

namespace Recsys.Cli.Commands;

/// <summary><c>recsys fit DATA --model … -o MODEL</c>: trains a model and saves it.</summary>
internal static class FitCommand
{
    public static Command Create(Terminal terminal)
    {
        var data = new Argument<string>("DATA") { Description = "file of interactions" };
        var output = new Option<string>("--output", "-o") { Description = "directory to save the model in", HelpName = "MODEL", Required = true };
        var force = new Option<bool>("--force") { Description = "replace a model that is there already" };
        var model = new ModelOptionSet();
        var reading = new DataOptionSet();
        var command = new Command("fit", "Trains a model on a file of interactions and saves it.") { data, output, force };
        model.AddTo(command);
        reading.AddTo(command);
        command.SetAction((result, token) => Task.FromResult(Run(result, token)));
        return command;

        int Run(ParseResult result, CancellationToken token)
        {
            string target = result.GetValue(output)!;
            if (Path.Exists(target) && !result.GetValue(force))
            {
                throw new InvalidOptionException($"{target} exists already: choose another name, or --force to replace it");
            }

            var algorithm = model.Algorithm(result);
            var options = model.Bag(result);
            options.RequireKnown(algorithm);
            var dataset = Dataset.Load(result.GetValue(data)!, reading.Read(result), null, out var report, token);
            DataOptionSet.Describe(terminal, dataset, report);
            long bytes = algorithm.EstimateBytes(dataset, options);
            terminal.Notice($"{algorithm.Name}: training takes about {MemoryBudget.Format(bytes)} of memory");
            var clock = System.Diagnostics.Stopwatch.StartNew();
            using var trained = ProgressView.Run(terminal, algorithm.Name, progress => algorithm.Train(dataset, options, progress, token));
            terminal.Notice(string.Create(CultureInfo.InvariantCulture, $"{algorithm.Name}: trained in {clock.Elapsed.TotalSeconds:F2} s"));
            ProgressView.Run(terminal, "save", progress =>
            {
                ModelStore.Save(trained.ToContents(), target, new SaveOptions { Overwrite = result.GetValue(force) }, progress, token);
                return true;
            });
            terminal.Out.WriteLine(target);
            return 0;
        }
    }
}
