namespace Recsys.Engine.Storage;

/// <summary>What a safetensors header says of one array.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Element type.</param>
/// <param name="Shape">Extent of each dimension, outermost first; rows are contiguous, without padding.</param>
/// <param name="Offset">Byte in the file where it starts.</param>
/// <param name="Bytes">Its size.</param>
public sealed record TensorInfo(string Name, TensorType Type, IReadOnlyList<long> Shape, long Offset, long Bytes)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Name} {TensorLayout.Describe(Type, Shape)}";
}
