using Orleans.Serialization.Buffers;
using Recsys.Engine.Als;
using Recsys.Engine.Numerics;

namespace Recsys.Grains.Wire;

/// <summary>Rows of factors: half-epoch, block, first row, rows, factors.</summary>
[RegisterSerializer]
[RegisterCopier]
internal sealed class FactorBlockCodec() : RawCodec<FactorBlock>(5)
{
    protected override string Name(ReadOnlySpan<int> header) => $"factor block {header[1]}";

    protected override void Describe(FactorBlock value, Span<int> header) =>
        ((ReadOnlySpan<int>)[value.Phase, value.Block, value.FirstRow, value.Rows, value.Factors]).CopyTo(header);

    protected override (int Rows, int Columns) Shape(ReadOnlySpan<int> header)
    {
        WireLimits.CheckBlock(Name(header), header[3], header[4]);
        return (header[3], header[4]);
    }

    protected override ReadOnlySpan<float> Row(FactorBlock value, int row) => value.Row(row);

    protected override FactorBlock Read<TInput>(ref Reader<TInput> reader, scoped ReadOnlySpan<int> header)
    {
        var matrix = DenseMatrix.Recycled(header[3], header[4]);
        for (int r = 0; r < matrix.Rows; r++)
        {
            RawFloats.Read(ref reader, matrix.Row(r));
        }

        return FactorBlock.Own(header[0], header[1], header[2], matrix);
    }
}
