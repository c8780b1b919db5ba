namespace Recsys.Engine.Data.Reading;

/// <summary>Parses blocks of text into a <see cref="ReadSession"/>.</summary>
internal interface IBlockParser
{
    /// <summary>
    /// Parses whole records from the start of the block, which ends with a line end, and returns how many bytes they
    /// take. What is left over comes again with more text behind it, unless this was the last block. Eight bytes
    /// behind the block may be read.
    /// </summary>
    int Parse(ReadOnlySpan<byte> block, bool isLast);
}
