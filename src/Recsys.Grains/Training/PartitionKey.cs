using System.Globalization;
using Recsys.Engine;

namespace Recsys.Grains.Training;

/// <summary>The key of a partition grain: training, side, number.</summary>
internal readonly record struct PartitionKey(string Training, string Kind, int Index)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Training}/{Kind}/{Index:D2}");

    public static PartitionKey Parse(string key)
    {
        string[] parts = key.Split('/');
        return parts is [_, _, _] && int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out int index)
            ? new PartitionKey(parts[0], parts[1], index)
            : throw new RecsysException($"'{key}' is not the key of a partition: expected TRAINING/SIDE/NUMBER");
    }
}
