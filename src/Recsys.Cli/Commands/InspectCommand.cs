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
            WriteFacts(terminal.Out, stored);
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
                    WriteWeights(terminal.Out, items.MeasureWeights());
                }
            }

            return 0;
        }
    }

    private static void WriteFacts(TextWriter writer, StoredModel stored)
    {
        var facts = stored.Facts;
        Line(writer, "model", facts.Algorithm);
        foreach (var (name, value) in facts.Options)
        {
            Line(writer, "  " + name, value?.ToString() ?? "");
        }

        Line(writer, "data", facts.Dataset);
        Line(writer, "fingerprint", facts.DataFingerprint);
        Line(writer, "users", Number(stored.Users.Count));
        Line(writer, "items", Number(stored.Items.Count));
        Line(writer, "interactions", Number(stored.Histories.Count));
        Line(writer, "trained", string.Create(CultureInfo.InvariantCulture, $"{facts.Created:u} in {facts.TrainingSeconds:F2} s by version {stored.EngineVersion}"));
        Line(writer, "size", MemoryBudget.Format(stored.Bytes));
        foreach (var (name, tensor) in stored.Tensors)
        {
            Line(writer, "  " + name, $"{tensor.Type} [{string.Join(" × ", tensor.Shape)}]");
        }

        for (int i = 0; i < facts.Losses.Count; i++)
        {
            Line(writer, i == 0 ? "loss" : "", string.Create(CultureInfo.InvariantCulture, $"{i + 1,3}  {facts.Losses[i]:G8}"));
        }

        foreach (var (name, value) in facts.Metrics)
        {
            Line(writer, name, value.ToString("0.0000", CultureInfo.InvariantCulture));
        }
    }

    private static void WriteWeights(TextWriter writer, WeightStatistics weights)
    {
        Line(writer, "weights", Number(weights.Total));
        Line(writer, "  negative", $"{Number(weights.Negative)} ({Percent(weights.NegativeShare)})");
        Line(writer, "  positive", Number(weights.Positive));
        Line(writer, "  mass", string.Create(CultureInfo.InvariantCulture, $"−{weights.NegativeMass:F1} +{weights.PositiveMass:F1}"));
        Line(writer, "  largest", weights.MaxMagnitude.ToString("G4", CultureInfo.InvariantCulture));
    }

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Percent(double share) => share.ToString("P1", CultureInfo.InvariantCulture);

    private static void Line(TextWriter writer, string name, string value) => writer.WriteLine($"{name,-24}{value}");
}
