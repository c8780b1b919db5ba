using System.Buffers;
using Orleans.Serialization;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Cloning;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.WireProtocol;
using Recsys.Engine;
using Recsys.Engine.Ease.Distributed;

namespace Recsys.Grains.Wire;

/// <summary>A piece of a matrix as raw bytes; within a silo the block itself is passed: nobody writes it.</summary>
[RegisterSerializer]
[RegisterCopier]
internal sealed class PanelBlockCodec : IFieldCodec<PanelBlock>, IDeepCopier<PanelBlock>
{
    public void WriteField<TBufferWriter>(ref Writer<TBufferWriter> writer, uint fieldIdDelta, Type expectedType, PanelBlock value)
        where TBufferWriter : IBufferWriter<byte>
    {
        if (value is null)
        {
            ReferenceCodec.WriteNullReference(ref writer, fieldIdDelta);
            return;
        }

        PanelBlock.Guard(value.Rows, value.Columns);
        RawFloats.Begin(
            ref writer, fieldIdDelta, expectedType, typeof(PanelBlock), [value.First, value.Rows, value.Columns], value.Bytes / sizeof(float));
        for (int r = 0; r < value.Rows; r++)
        {
            RawFloats.Write(ref writer, value.Row(r));
        }
    }

    public PanelBlock ReadValue<TInput>(ref Reader<TInput> reader, Field field)
    {
        if (field.WireType == WireType.Reference)
        {
            return ReferenceCodec.ReadReference<PanelBlock, TInput>(ref reader, field);
        }

        Span<int> header = stackalloc int[3];
        long floats = RawFloats.Open(ref reader, field, header);
        PanelBlock.Guard(header[1], header[2]);
        if ((long)header[1] * header[2] != floats)
        {
            throw new RecsysException($"panel block: {floats} values came for {header[1]} rows of {header[2]}");
        }

        float[] values = ArrayPool<float>.Shared.Rent((int)floats);
        try
        {
            RawFloats.Read(ref reader, values.AsSpan(0, (int)floats));
            return PanelBlock.Copy(header[0], header[1], header[2], values.AsSpan(0, (int)floats));
        }
        finally
        {
            ArrayPool<float>.Shared.Return(values);
        }
    }

    public PanelBlock DeepCopy(PanelBlock input, CopyContext context) => input;
}
