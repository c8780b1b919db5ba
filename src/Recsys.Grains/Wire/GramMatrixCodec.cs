using Orleans.Serialization.Buffers;
using Recsys.Engine.Als;

namespace Recsys.Grains.Wire;

/// <summary>A Gram matrix: its size.</summary>
[RegisterSerializer]
[RegisterCopier]
internal sealed class GramMatrixCodec() : RawCodec<GramMatrix>(1)
{
    protected override string Name(ReadOnlySpan<int> header) => "Gram matrix";

    protected override void Describe(GramMatrix value, Span<int> header) => header[0] = value.Size;

    protected override (int Rows, int Columns) Shape(ReadOnlySpan<int> header)
    {
        WireLimits.CheckBlock(Name(header), header[0], header[0]);
        return (header[0], header[0]);
    }

    protected override ReadOnlySpan<float> Row(GramMatrix value, int row) => value.Values.Slice(row * value.Size, value.Size);

    protected override GramMatrix Read<TInput>(ref Reader<TInput> reader, scoped ReadOnlySpan<int> header)
    {
        float[] values = new float[header[0] * header[0]];
        RawFloats.Read(ref reader, values);
        return new GramMatrix(header[0], values);
    }
}
