using Recsys.Engine.Data;

namespace Recsys.Grains.Jobs;

/// <summary>Histories in which every pair weighs 1 need no weights.</summary>
internal static class UnitWeights
{
    public static Dataset WithoutUnitWeights(this Dataset data)
    {
        var matrix = data.Interactions;
        return !matrix.HasValues || matrix.AllValues.ContainsAnyExcept(1f)
            ? data
            : new Dataset(data.Users, data.Items, matrix.Binarized()) { Name = data.Name };
    }
}
