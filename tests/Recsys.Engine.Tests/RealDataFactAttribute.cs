namespace Recsys.Engine.Tests;

/// <summary>A test on the real data sets; shown as skipped where they are not there.</summary>
internal sealed class RealDataFactAttribute : FactAttribute
{
    public RealDataFactAttribute()
    {
        if (!RealData.IsPresent)
        {
            Skip = "the real data sets are not here (set RECSYS_TEST_DATA)";
        }
    }
}
