using System.CommandLine;
using System.Globalization;
using Recsys.Cli.Output;
using Recsys.Engine.Blending;
using Recsys.Engine.Compute;
using Recsys.Engine.Ease;
using Recsys.Engine.Models;
using Recsys.Engine.Storage;

namespace Recsys.Cli.Commands;

/// <summary><c>recsys inspect MODEL</c>: what is in a model directory.</summary>
internal static class InspectCommand
{
    public static Command Create(Terminal terminal)
    {
        var directory = new Argument<string>("MODEL") { Description = "directory of a saved model" };
        var weights = new Option<bool>("--weights") { Description = "count the weights of an item-item model (reads all of them), show those of a blend" };
        var command = new Command("inspect", "Shows what a saved model is and what it was trained with.") { directory, weights };
        command.SetAction((result, token) => Task.FromResult(Run(result, token)));
        return command;

        int Run(ParseResult result, CancellationToken token)
        {
            string path = result.GetValue(directory)!;
            using var stored = ModelStore.Open(path, cancellationToken: token);
            var lines = Facts(stored);
            int width = Math.Max(22, lines.Max(l => l.Name.Length));
            Write(terminal.Out, lines, width);
            if (result.GetValue(weights) && stored.Facts.Algorithm == "blend")
            {
                var (labels, blended) = BlendModel.ReadWeights(stored);
                BlendWeightsOutput.Write(terminal.Out, "weights", labels, blended);
            }
            else if (result.GetValue(weights))
            {
                using var model = Algorithms.Get(stored.Facts.Algorithm).Read(stored);
                if (model is ItemWeightModel items)
                {
                    Write(terminal.Out, WeightCounts(items.MeasureWeights()), width);
                }
            }

            return 0;
        }
    }

    private static List<(string Name, string Value)> Facts(StoredModel stored)
    {
        var facts = stored.Facts;
        return
        [
            ("model", facts.Algorithm),
            .. facts.Options.Select(o => ("  " + o.Key, o.Value?.ToString() ?? "")),
            ("data", facts.Dataset),
            ("fingerprint", facts.DataFingerprint),
            ("users", Number(stored.Users.Count)),
            ("items", Number(stored.Items.Count)),
            ("interactions", Number(stored.Histories.Count)),
            ("trained", string.Create(CultureInfo.InvariantCulture, $"{facts.Created:u} in {facts.TrainingSeconds:F2} s by version {stored.EngineVersion}")),
            ("size", MemoryBudget.Format(stored.Bytes)),
            .. stored.Tensors.Select(t => ("  " + t.Key, $"{t.Value.Type} [{string.Join(" × ", t.Value.Shape)}]")),
            .. facts.Losses.Select((loss, i) => (i == 0 ? "loss" : "", string.Create(CultureInfo.InvariantCulture, $"{i + 1,3}  {loss:G8}"))),
            .. facts.Metrics.Select(m => (m.Key, m.Value.ToString("0.0000", CultureInfo.InvariantCulture))),
        ];
    }

    private static (string Name, string Value)[] WeightCounts(WeightStatistics weights) =>
    [
        ("weights", Number(weights.Total)),
        ("  negative", $"{Number(weights.Negative)} ({Percent(weights.NegativeShare)})"),
        ("  positive", Number(weights.Positive)),
        ("  mass", string.Create(CultureInfo.InvariantCulture, $"−{weights.NegativeMass:F1} +{weights.PositiveMass:F1}")),
        ("  largest", weights.MaxMagnitude.ToString("G4", CultureInfo.InvariantCulture)),
    ];

    private static void Write(TextWriter writer, IEnumerable<(string Name, string Value)> lines, int width)
    {
        foreach (var (name, value) in lines)
        {
            writer.WriteLine($"{name.PadRight(width)}  {value}");
        }
    }

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Percent(double share) => share.ToString("P1", CultureInfo.InvariantCulture);
}
