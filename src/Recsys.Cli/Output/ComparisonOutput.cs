using System.Globalization;
using Recsys.Engine.Comparing;
using Recsys.Engine.Compute;
using Recsys.Engine.Evaluation;

namespace Recsys.Cli.Output;

/// <summary>A comparison as tables for people.</summary>
internal static class ComparisonOutput
{
    private const int BandedMetrics = 3;

    public static void Write(TextWriter writer, ComparisonResult result)
    {
        WriteMetrics(writer, result);
        WriteDifferences(writer, result);
        WriteBands(writer, result);
        WriteWeights(writer, result);
        foreach (var blend in result.Models.Where(m => m.Blend is not null))
        {
            WriteBlend(writer, blend);
        }
    }

    private static void WriteMetrics(TextWriter writer, ComparisonResult result)
    {
        var metrics = result.Models[0].Run.Result.Metrics;
        var table = new TextTable(["model", .. metrics.SelectMany(m => m.Confidence is null ? [">" + m.Metric] : new[] { ">" + m.Metric, "95 %" }), ">fit s", ">evaluate s", ">peak memory"]);
        foreach (var model in result.Models)
        {
            table.Add(
            [
                model.Label,
                .. model.Run.Result.Metrics.SelectMany(m => m.Confidence is { } i ? [Number(m.Value), $"{Number(i.Low)}–{Number(i.High)}"] : new[] { Number(m.Value) }),
                Seconds(model.Seconds), Seconds(model.Run.EvaluateSeconds), MemoryBudget.Format(model.Run.PeakRssBytes),
            ]);
        }

        table.Write(writer);
        var first = result.Models[0].Run.Result;
        writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{first.Users} users, {first.HeldOut} held-out items"));
    }

    private static void WriteDifferences(TextWriter writer, ComparisonResult result)
    {
        if (result.Comparisons.Count == 0)
        {
            return;
        }

        writer.WriteLine();
        var metrics = result.Comparisons[0].Metrics;
        var table = new TextTable([$"against {result.Reference}", .. metrics.SelectMany(m => new[] { ">" + m.Metric, "95 %", ">p" })]);
        foreach (var comparison in result.Comparisons)
        {
            table.Add(
            [
                comparison.Candidate,
                .. comparison.Metrics.SelectMany(m => new[]
                {
                    Signed(m.Difference), $"{Signed(m.Confidence.Low)} – {Signed(m.Confidence.High)}", m.PValue.ToString("0.000", CultureInfo.InvariantCulture),
                }),
            ]);
        }

        table.Write(writer);
    }

    private static void WriteBands(TextWriter writer, ComparisonResult result)
    {
        var bands = result.Models[0].Run.Result.Bands;
        var metrics = bands[0].Metrics.Take(BandedMetrics).Select(m => m.Metric).ToList();
        string[] names = [.. bands.Select(b => b.Band.ToString().ToLowerInvariant())];
        string exposure = $"share of top {result.Models[0].Run.Result.ExposureCutoff}";
        writer.WriteLine();
        var table = new TextTable(["by popularity", .. metrics.Select(m => m.ToString()).Append(exposure).SelectMany(m => names.Select((n, b) => ">" + (b == 0 ? m + " " : "") + n))]);
        foreach (var model in result.Models)
        {
            var own = model.Run.Result.Bands;
            table.Add([model.Label, .. metrics.SelectMany(m => own.Select(b => Number(b[m]))), .. own.Select(b => Percent(b.Exposure))]);
        }

        table.Write(writer);
        string sizes = string.Join(", ", bands.Select((b, i) => $"{names[i]} {b.Items} items, {b.HeldOut} held out"));
        writer.WriteLine($"bands are thirds of the training interactions: {sizes}");
    }

    private static void WriteWeights(TextWriter writer, ComparisonResult result)
    {
        if (result.Models.All(m => m.Run.Weights is null))
        {
            return;
        }

        writer.WriteLine();
        var table = new TextTable("item-item weights", ">negative", ">positive", ">zero");
        foreach (var model in result.Models)
        {
            if (model.Run.Weights is { } weights)
            {
                table.Add(model.Label, Percent(weights.NegativeShare), Percent(weights.PositiveShare), Percent(weights.ZeroShare));
            }
        }

        table.Write(writer);
    }

    private static void WriteBlend(TextWriter writer, ComparedModel blend)
    {
        var fit = blend.Blend!;
        writer.WriteLine();
        BlendWeightsOutput.Write(writer, blend.Label, blend.Members, fit.Weights);
        string alone = string.Join(", ", blend.Members.Select((m, i) => $"{m} {Number(fit.MemberValues[i])}"));
        writer.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{blend.Run.Options["weights-metric"]} of {fit.Users} validation users: {blend.Label} {Number(fit.Value)} (cross-validated), {alone}; share of the bands' own weights {fit.BandShare}"));
    }

    private static string Number(double value) => double.IsNaN(value) ? "–" : value.ToString("0.0000", CultureInfo.InvariantCulture);

    private static string Signed(double value) => value.ToString("+0.0000;−0.0000;0.0000", CultureInfo.InvariantCulture);

    private static string Percent(double share) => (100 * share).ToString("0.0", CultureInfo.InvariantCulture) + " %";

    private static string Seconds(double seconds) => seconds.ToString("0.00", CultureInfo.InvariantCulture);
}
