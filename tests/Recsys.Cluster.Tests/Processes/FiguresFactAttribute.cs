namespace Recsys.Cluster.Tests.Processes;

/// <summary>A measurement, not a test: runs where RECSYS_FIGURES says what to measure.</summary>
internal sealed class FiguresFactAttribute : FactAttribute
{
    public FiguresFactAttribute()
    {
        if (Environment.GetEnvironmentVariable("RECSYS_FIGURES") is not { Length: > 0 })
        {
            Skip = "a measurement: RECSYS_FIGURES names it";
        }
    }
}
