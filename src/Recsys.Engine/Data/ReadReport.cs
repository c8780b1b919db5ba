namespace Recsys.Engine.Data;

/// <summary>What was read from a file of interactions.</summary>
public sealed record ReadReport
{
    /// <summary>The file, as it was named by the caller.</summary>
    public required string Path { get; init; }

    /// <summary>The layout that was named or detected.</summary>
    public required InteractionFormat Format { get; init; }

    /// <summary>Whether the file was compressed.</summary>
    public bool Compressed { get; init; }

    /// <summary>Lines of the file, with blank lines, comments and the header.</summary>
    public long Lines { get; init; }

    /// <summary>Interactions that were kept, before duplicates are merged.</summary>
    public long Interactions { get; init; }

    /// <summary>Malformed lines that were left out.</summary>
    public long Skipped { get; init; }

    /// <summary>The messages of the first skipped lines.</summary>
    public IReadOnlyList<string> SkippedExamples { get; init; } = [];

    /// <summary>Interactions left out because their weight is 0, which says that there is none.</summary>
    public long ZeroWeights { get; init; }

    /// <summary>Interactions left out because their weight is below the minimum asked for.</summary>
    public long BelowMinimum { get; init; }

    /// <summary>Interactions left out because their user is not in the table given.</summary>
    public long UnknownUsers { get; init; }

    /// <summary>Interactions left out because their item is not in the table given.</summary>
    public long UnknownItems { get; init; }

    /// <summary>Interactions merged into another of the same pair; null where no matrix was built.</summary>
    public long? Duplicates { get; init; }

    /// <summary>Bytes of text read, after decompression.</summary>
    public long Bytes { get; init; }

    /// <summary>Wall-clock seconds of the reading.</summary>
    public double Seconds { get; init; }
}
