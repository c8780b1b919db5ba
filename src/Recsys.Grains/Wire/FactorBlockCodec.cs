using System.Buffers;
using Orleans.Serialization;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Cloning;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.WireProtocol;
using Recsys.Engine;
using Recsys.Engine.Als;
using Recsys.Engine.Numerics;

namespace Recsys.Grains.Wire;

/// <summary>Rows of factors as raw bytes; within a silo the block itself is passed: nobody writes it.</summary>
[RegisterSerializer]
[RegisterCopier]
internal sealed class FactorBlockCodec : IFieldCodec<FactorBlock>, IDeepCopier<FactorBlock>
{
    public void WriteField<TBufferWriter>(ref Writer<TBufferWriter> writer, uint fieldIdDelta, Type expectedType, FactorBlock value)
        where TBufferWriter : IBufferWriter<byte>
    {
        if (value is null)
        {
            ReferenceCodec.WriteNullReference(ref writer, fieldIdDelta);
            return;
        }

        WireLimits.CheckBlock($"factor block {value.Block}", value.Rows, value.Factors);
        RawFloats.Begin(
            ref writer,
            fieldIdDelta,
            expectedType,
            typeof(FactorBlock),
            [value.Phase, value.Block, value.FirstRow, value.Rows, value.Factors],
            (long)value.Rows * value.Factors);
        for (int r = 0; r < value.Rows; r++)
        {
            RawFloats.Write(ref writer, value.Row(r));
        }
    }

    public FactorBlock ReadValue<TInput>(ref Reader<TInput> reader, Field field)
    {
        if (field.WireType == WireType.Reference)
        {
            return ReferenceCodec.ReadReference<FactorBlock, TInput>(ref reader, field);
        }

        Span<int> header = stackalloc int[5];
        long floats = RawFloats.Open(ref reader, field, header);
        var (rows, factors) = (header[3], header[4]);
        WireLimits.CheckBlock($"factor block {header[1]}", rows, factors);
        if ((long)rows * factors != floats)
        {
            throw new RecsysException($"factor block {header[1]}: {floats} values came for {rows} rows of {factors}");
        }

        var matrix = new DenseMatrix(rows, factors);
        for (int r = 0; r < rows; r++)
        {
            RawFloats.Read(ref reader, matrix.Row(r));
        }

        return FactorBlock.Own(header[0], header[1], header[2], matrix);
    }

    public FactorBlock DeepCopy(FactorBlock input, CopyContext context) => input;
}
