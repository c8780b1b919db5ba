using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace Recsys.Grains.Placement;

/// <summary>Moving from silo to silo.</summary>
internal static class PlacementExtensions
{
    /// <summary>Lets a grain go on in a silo, once it has nothing to do.</summary>
    public static void MoveTo(this Grain grain, SiloAddress silo)
    {
        RequestContext.Set(IPlacementDirector.PlacementHintKey, silo);
        grain.MigrateOnIdle();
    }
}
