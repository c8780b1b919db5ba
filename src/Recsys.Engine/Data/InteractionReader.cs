using System.Diagnostics;
using Recsys.Engine.Data.Reading;

namespace Recsys.Engine.Data;

/// <summary>
/// Reads files of interactions of every <see cref="InteractionFormat"/>, plain or compressed with gzip, in one pass.
/// Fields may be quoted (RFC 4180: "" is a quote; separators and line ends may stand inside); spaces around unquoted
/// fields do not count; a byte order mark, CRLF line ends, blank lines and lines that start with # are understood.
/// </summary>
public static class InteractionReader
{
    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">How to read it; null takes the defaults.</param>
    /// <param name="progress">Told the bytes of the file (as stored) read so far.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The interactions in the file's order, and what was read.</returns>
    /// <exception cref="MalformedInputException">The file does not hold what was expected.</exception>
    /// <exception cref="InvalidOptionException">An option cannot be served.</exception>
    /// <exception cref="RecsysException">The file is missing or cannot be read.</exception>
    public static (InteractionLog Log, ReadReport Report) Read(
        string path,
        ReadOptions? options = null,
        IProgress<long>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        using var source = TextSource.OpenFile(path, progress, cancellationToken);
        return Read(source, options);
    }

    /// <summary>Reads a stream, e.g. standard input or an upload; it is not closed.</summary>
    /// <param name="stream">The text, plain or compressed.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <param name="options">How to read it; null takes the defaults.</param>
    /// <param name="progress">Told the bytes of the stream read so far.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="MalformedInputException">The stream does not hold what was expected.</exception>
    public static (InteractionLog Log, ReadReport Report) Read(
        Stream stream,
        string name,
        ReadOptions? options = null,
        IProgress<long>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(name);
        using var source = new TextSource(stream, name, leaveOpen: true, progress, cancellationToken);
        return Read(source, options);
    }

    private static (InteractionLog Log, ReadReport Report) Read(TextSource source, ReadOptions? options)
    {
        options ??= ReadOptions.Default;
        var clock = Stopwatch.StartNew();
        Validate(options);
        var session = new ReadSession(source.Name, options);
        source.Fill();
        var layout = FormatDetector.Detect(source, options);
        IBlockParser parser = layout.Format switch
        {
            InteractionFormat.Adjacency or InteractionFormat.CountedAdjacency or InteractionFormat.Space
                => new TokenParser(session, layout),
            _ => new DelimitedParser(session, layout),
        };
        session.Expect(source, layout);
        while (true)
        {
            int used = parser.Parse(source.Block, source.IsLast);
            source.Consume(used);
            if (source.IsLast)
            {
                break;
            }

            source.Fill();
        }

        return session.Finish(source, layout, clock);
    }

    private static void Validate(ReadOptions options)
    {
        if (options.MinWeight is { } minimum && float.IsNaN(minimum))
        {
            throw new InvalidOptionException("the minimum weight is not a number");
        }

        if (options.Separator is { } separator && (separator is < ' ' and not '\t' or > '~' or '"' or '#' || char.IsLetterOrDigit(separator)))
        {
            throw new InvalidOptionException($"'{separator}' cannot separate columns: expected a punctuation mark");
        }

        if (options is { UnknownUsers: UnknownIds.Drop, Users: null } or { UnknownItems: UnknownIds.Drop, Items: null })
        {
            throw new InvalidOptionException("unknown ids can only be dropped when the known ones are given");
        }
    }
}
