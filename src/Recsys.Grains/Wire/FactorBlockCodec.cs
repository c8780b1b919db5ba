using System.Runtime.InteropServices;
using Orleans.Serialization.Buffers;
using Recsys.Engine;
using Recsys.Engine.Als;
using Recsys.Engine.Numerics;

namespace Recsys.Grains.Wire;

/// <summary>
/// Rows of factors: half-epoch, block, first row, rows, factors, rows sent, words of the selection; the selection (none: all
/// rows are sent); the rows sent. They come to lie where they were in the block: nothing is to be moved afterwards.
/// </summary>
[RegisterSerializer]
[RegisterCopier]
internal sealed class FactorBlockCodec() : RawCodec<FactorBlock>(7)
{
    private const int WordsOf64 = 2;

    protected override string Name(ReadOnlySpan<int> header) => $"factor block {header[1]}";

    protected override void Describe(FactorBlock value, Span<int> header) =>
        ((ReadOnlySpan<int>)
        [
            value.Phase,
            value.Block,
            value.FirstRow,
            value.Rows,
            value.Factors,
            value.Wanted?.Count ?? value.Rows,
            Words(value).Length,
        ]).CopyTo(header);

    protected override (int Rows, int Columns) Shape(ReadOnlySpan<int> header)
    {
        WireLimits.CheckBlock(Name(header), header[3], header[4]);
        int words = WordCount(header);
        if ((uint)header[5] > (uint)header[3] || (words == 0 ? header[5] != header[3] : words != WordsOf64 * RowSelection.Words(header[3])))
        {
            throw new RecsysException($"{Name(header)}: {header[5]} of {header[3]} rows selected by {words} words");
        }

        return (header[5], header[4]);
    }

    protected override int WordCount(ReadOnlySpan<int> header) => header[6];

    protected override ReadOnlySpan<int> Words(FactorBlock value) => value.Wanted is { } wanted ? MemoryMarshal.Cast<ulong, int>(wanted.Bits) : [];

    protected override ReadOnlySpan<float> Row(FactorBlock value, int row) => value.Row(value.Wanted?.Rows[row] ?? row);

    protected override FactorBlock Read<TInput>(ref Reader<TInput> reader, scoped ReadOnlySpan<int> header)
    {
        var selection = ReadSelection(ref reader, header);
        var matrix = DenseMatrix.Recycled(header[3], header[4]);
        for (int r = 0; r < header[5]; r++)
        {
            RawFloats.Read(ref reader, matrix.Row(selection?.Rows[r] ?? r));
        }

        return FactorBlock.Own(header[0], header[1], header[2], matrix, selection);
    }

    private RowSelection? ReadSelection<TInput>(ref Reader<TInput> reader, scoped ReadOnlySpan<int> header)
    {
        if (WordCount(header) == 0)
        {
            return null;
        }

        var bits = new ulong[RowSelection.Words(header[3])];
        reader.ReadBytes(MemoryMarshal.AsBytes(bits.AsSpan()));
        var selection = new RowSelection(bits);
        return selection.Count == header[5] && (selection.Count == 0 || selection.Rows[^1] < header[3])
            ? selection
            : throw new RecsysException($"{Name(header)}: {header[5]} rows came, and the selection names others");
    }
}
