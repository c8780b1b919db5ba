using System.Globalization;
using System.Text;
using Recsys.Engine.Data.Reading;
using Recsys.Engine.Data.Writing;

namespace Recsys.Engine.Data;

/// <summary>
/// Writes interactions as text that <see cref="InteractionReader"/> and others read: user, item, the weight where there are
/// weights or times, the time where there are times; UTF-8, LF. Ids are quoted (RFC 4180) only where they have to be: when
/// they hold a tab, the separator, a quote or a line end, begin or end with a space, or begin with # or a byte order mark.
/// </summary>
public static class InteractionWriter
{
    /// <summary>Writes a file, compressed when its name ends with .gz: to a temporary name first, renamed when complete.</summary>
    /// <exception cref="RecsysException">The file cannot be written.</exception>
    public static void Write(string path, InteractionLog log, WriteOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(log);
        using var files = new AtomicFiles();
        files.Write(path, stream => Write(stream, log, options, cancellationToken));
        files.Commit();
    }

    /// <summary>Writes to a stream, which stays open.</summary>
    public static void Write(Stream stream, InteractionLog log, WriteOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(log);
        Write(stream, log, _ => true, options, cancellationToken);
    }

    /// <summary>Writes the interactions whose places are <paramref name="wanted"/>.</summary>
    internal static void Write(
        Stream stream, InteractionLog log, Func<int, bool> wanted, WriteOptions? options, CancellationToken cancellationToken)
    {
        options ??= WriteOptions.Default;
        byte separator = options.Format switch
        {
            InteractionFormat.Tsv => (byte)'\t',
            InteractionFormat.Csv => (byte)',',
            _ => throw new InvalidOptionException($"interactions are written as tsv or csv, not as {options.Format}"),
        };
        var text = new Utf8TextWriter(stream);
        bool first = true;
        for (int e = 0; e < log.Count; e++)
        {
            if (!wanted(e))
            {
                continue;
            }

            if (first && (options.Header || ColumnNames.IsHeader([log.UserIds[log.Users[e]], log.ItemIds[log.Items[e]]])))
            {
                WriteHeader(text, log, (char)separator);
            }

            first = false;
            text.Id(log.UserIds.Utf8(log.Users[e]), separator);
            text.Byte(separator);
            text.Id(log.ItemIds.Utf8(log.Items[e]), separator);
            if (log.HasWeights || log.HasTimes)
            {
                text.Byte(separator);
                text.Number(log.HasWeights ? log.Weights[e] : 1f);
            }

            if (log.HasTimes)
            {
                text.Byte(separator);
                text.Number(log.Times[e]);
            }

            text.Byte((byte)'\n');
            if ((e & 0xFFFF) == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }
        }

        text.Flush();
    }

    private static void WriteHeader(Utf8TextWriter text, InteractionLog log, char separator)
    {
        string[] names = log.HasTimes ? ["user", "item", "weight", "time"] : log.HasWeights ? ["user", "item", "weight"] : ["user", "item"];
        text.Bytes(Encoding.ASCII.GetBytes(string.Join(separator, names) + "\n"));
    }
}
