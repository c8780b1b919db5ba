using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.WireProtocol;
using Recsys.Engine;

namespace Recsys.Grains.Wire;

/// <summary>
/// The wire form of blocks of numbers: one length-prefixed field of a few 32-bit integers and the float32 values as they
/// are in memory (little-endian), row after row. Float arrays by the serializer travel at a fifth of its speed.
/// </summary>
internal static class RawFloats
{
    /// <summary>Writes header and length of a field that holds <paramref name="integers"/> and then <paramref name="floats"/> values.</summary>
    public static void Begin<TBufferWriter>(
        ref Writer<TBufferWriter> writer, uint fieldIdDelta, Type expectedType, Type type, scoped ReadOnlySpan<int> integers, long floats)
        where TBufferWriter : IBufferWriter<byte>
    {
        ReferenceCodec.MarkValueField(writer.Session);
        writer.WriteFieldHeader(fieldIdDelta, expectedType, type, WireType.LengthPrefixed);
        writer.WriteVarUInt32(checked((uint)((integers.Length * sizeof(int)) + (floats * sizeof(float)))));
        writer.Write(MemoryMarshal.AsBytes(integers));
    }

    /// <summary>Writes some of the values.</summary>
    public static void Write<TBufferWriter>(ref Writer<TBufferWriter> writer, scoped ReadOnlySpan<float> values)
        where TBufferWriter : IBufferWriter<byte> => writer.Write(MemoryMarshal.AsBytes(values));

    /// <summary>Reads the integers; returns the number of values that follow.</summary>
    public static long Open<TInput>(ref Reader<TInput> reader, Field field, scoped Span<int> integers)
    {
        ReferenceCodec.MarkValueField(reader.Session);
        field.EnsureWireType(WireType.LengthPrefixed);
        uint length = reader.ReadVarUInt32();
        int header = integers.Length * sizeof(int);
        if (length < header || length > WireLimits.MaxBlockBytes + WireLimits.MaxSelectionBytes + header || (length - header) % sizeof(float) != 0)
        {
            throw new RecsysException($"a block of {length} bytes came over the wire; expected {header} to {WireLimits.MaxBlockBytes}");
        }

        reader.ReadBytes(MemoryMarshal.AsBytes(integers));
        return (length - header) / sizeof(float);
    }

    /// <summary>Reads some of the values.</summary>
    public static void Read<TInput>(ref Reader<TInput> reader, scoped Span<float> values) => reader.ReadBytes(MemoryMarshal.AsBytes(values));
}
