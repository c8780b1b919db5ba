using System.Globalization;
using Recsys.Engine.Blending;

namespace Recsys.Cli.Output;

/// <summary>The weights of a blend by band of users, as a table.</summary>
internal static class BlendWeightsOutput
{
    public static void Write(TextWriter writer, string title, IReadOnlyList<string> members, BlendWeights weights)
    {
        var table = new TextTable([$"{title}: history", .. members.Select(m => ">" + m)]);
        for (int b = 0; b < weights.Bands; b++)
        {
            table.Add([weights.Describe(b), .. weights.Of(b).ToArray().Select(w => w.ToString("0.000;−0.000", CultureInfo.InvariantCulture))]);
        }

        table.Write(writer);
    }
}
