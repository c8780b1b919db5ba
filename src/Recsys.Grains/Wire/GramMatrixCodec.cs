using System.Buffers;
using Orleans.Serialization;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Cloning;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.WireProtocol;
using Recsys.Engine.Als;

namespace Recsys.Grains.Wire;

/// <summary>A Gram matrix as raw bytes; within a silo the matrix itself is passed: nobody writes it.</summary>
[RegisterSerializer]
[RegisterCopier]
internal sealed class GramMatrixCodec : IFieldCodec<GramMatrix>, IDeepCopier<GramMatrix>
{
    public void WriteField<TBufferWriter>(ref Writer<TBufferWriter> writer, uint fieldIdDelta, Type expectedType, GramMatrix value)
        where TBufferWriter : IBufferWriter<byte>
    {
        if (value is null)
        {
            ReferenceCodec.WriteNullReference(ref writer, fieldIdDelta);
            return;
        }

        WireLimits.CheckBlock("Gram matrix", value.Size, value.Size);
        RawFloats.Begin(ref writer, fieldIdDelta, expectedType, typeof(GramMatrix), [value.Size], value.Values.Length);
        RawFloats.Write(ref writer, value.Values);
    }

    public GramMatrix ReadValue<TInput>(ref Reader<TInput> reader, Field field)
    {
        if (field.WireType == WireType.Reference)
        {
            return ReferenceCodec.ReadReference<GramMatrix, TInput>(ref reader, field);
        }

        Span<int> header = stackalloc int[1];
        var values = new float[RawFloats.Open(ref reader, field, header)];
        RawFloats.Read(ref reader, values);
        return new GramMatrix(header[0], values);
    }

    public GramMatrix DeepCopy(GramMatrix input, CopyContext context) => input;
}
