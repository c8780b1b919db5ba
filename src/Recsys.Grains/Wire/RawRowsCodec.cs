using Orleans.Serialization.Buffers;

namespace Recsys.Grains.Wire;

/// <summary>Rows of numbers: rows, columns.</summary>
[RegisterSerializer]
[RegisterCopier]
internal sealed class RawRowsCodec() : RawCodec<RawRows>(2)
{
    protected override string Name(ReadOnlySpan<int> header) => "rows of item factors";

    protected override void Describe(RawRows value, Span<int> header) => (header[0], header[1]) = (value.Rows, value.Columns);

    protected override (int Rows, int Columns) Shape(ReadOnlySpan<int> header)
    {
        WireLimits.CheckBlock(Name(header), header[0], header[1]);
        return (header[0], header[1]);
    }

    protected override ReadOnlySpan<float> Row(RawRows value, int row) => value.Values.AsSpan(row * value.Columns, value.Columns);

    protected override RawRows Read<TInput>(ref Reader<TInput> reader, scoped ReadOnlySpan<int> header)
    {
        float[] values = new float[header[0] * header[1]];
        RawFloats.Read(ref reader, values);
        return new RawRows(header[0], header[1], values);
    }
}
