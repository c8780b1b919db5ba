namespace Recsys.Engine.Data.Reading;

/// <summary>A piece of a block that is being parsed.</summary>
internal readonly unsafe struct TextPiece(byte* start, int length)
{
    public readonly byte* Start = start;
    public readonly int Length = length;

    public ReadOnlySpan<byte> Span => new(Start, Length);
}
