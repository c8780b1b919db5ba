using Orleans.Serialization.Buffers;
using Recsys.Engine.Ease.Distributed;

namespace Recsys.Grains.Wire;

/// <summary>A piece of a matrix: first row, rows, columns.</summary>
[RegisterSerializer]
[RegisterCopier]
internal sealed class PanelBlockCodec() : RawCodec<PanelBlock>(3)
{
    protected override string Name(ReadOnlySpan<int> header) => "panel block";

    protected override void Describe(PanelBlock value, Span<int> header) =>
        (header[0], header[1], header[2]) = (value.First, value.Rows, value.Columns);

    protected override (int Rows, int Columns) Shape(ReadOnlySpan<int> header)
    {
        PanelBlock.Guard(header[1], header[2]);
        return (header[1], header[2]);
    }

    protected override ReadOnlySpan<float> Row(PanelBlock value, int row) => value.Row(row);

    protected override PanelBlock Read<TInput>(ref Reader<TInput> reader, scoped ReadOnlySpan<int> header)
    {
        var block = PanelBlock.Create(header[0], header[1], header[2], out var values);
        RawFloats.Read(ref reader, values);
        return block;
    }
}
