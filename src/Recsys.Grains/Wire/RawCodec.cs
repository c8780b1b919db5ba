using System.Buffers;
using System.Runtime.InteropServices;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Cloning;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.Serializers;
using Orleans.Serialization.WireProtocol;
using Recsys.Engine;

namespace Recsys.Grains.Wire;

/// <summary>
/// Blocks of numbers as <see cref="RawFloats"/> has them; within a silo the block itself is passed: nobody writes it.
/// </summary>
/// <param name="integers">Integers before the numbers.</param>
internal abstract class RawCodec<T>(int integers) : IFieldCodec<T>, IDeepCopier<T>
    where T : class
{
    public void WriteField<TBufferWriter>(ref Writer<TBufferWriter> writer, uint fieldIdDelta, Type expectedType, T value)
        where TBufferWriter : IBufferWriter<byte>
    {
        if (value is null)
        {
            ReferenceCodec.WriteNullReference(ref writer, fieldIdDelta);
            return;
        }

        Span<int> header = stackalloc int[integers];
        Describe(value, header);
        var (rows, columns) = Shape(header);
        var words = Words(value);
        RawFloats.Begin(ref writer, fieldIdDelta, expectedType, typeof(T), header, ((long)rows * columns) + words.Length);
        writer.Write(MemoryMarshal.AsBytes(words));
        for (int r = 0; r < rows; r++)
        {
            RawFloats.Write(ref writer, Row(value, r));
        }
    }

    public T ReadValue<TInput>(ref Reader<TInput> reader, Field field)
    {
        if (field.WireType == WireType.Reference)
        {
            return ReferenceCodec.ReadReference<T, TInput>(ref reader, field);
        }

        Span<int> header = stackalloc int[integers];
        long floats = RawFloats.Open(ref reader, field, header);
        var (rows, columns) = Shape(header);
        if (((long)rows * columns) + WordCount(header) != floats)
        {
            throw new RecsysException($"{Name(header)}: {floats} values came for {rows} rows of {columns}");
        }

        return Read(ref reader, header);
    }

    public T DeepCopy(T input, CopyContext context) => input;

    /// <summary>What a block is called in errors.</summary>
    protected abstract string Name(ReadOnlySpan<int> header);

    /// <summary>Fills the integers in.</summary>
    protected abstract void Describe(T value, Span<int> header);

    /// <summary>Rows and columns by the integers.</summary>
    /// <exception cref="RecsysException">They do not fit in a message.</exception>
    protected abstract (int Rows, int Columns) Shape(ReadOnlySpan<int> header);

    /// <summary>More integers, between those of fixed number and the rows.</summary>
    protected virtual ReadOnlySpan<int> Words(T value) => [];

    /// <summary>How many of them there are.</summary>
    protected virtual int WordCount(ReadOnlySpan<int> header) => 0;

    /// <summary>A row of numbers.</summary>
    protected abstract ReadOnlySpan<float> Row(T value, int row);

    /// <summary>Reads the further integers and the numbers, which are as many as those of fixed number say.</summary>
    protected abstract T Read<TInput>(ref Reader<TInput> reader, scoped ReadOnlySpan<int> header);
}
