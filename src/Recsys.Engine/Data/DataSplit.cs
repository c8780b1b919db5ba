using Recsys.Engine.Data.Writing;

namespace Recsys.Engine.Data;

/// <summary>Interactions divided into a part to learn from and parts to be examined on; made by <see cref="Splitter"/>.</summary>
public sealed class DataSplit
{
    private readonly InteractionLog _log;
    private readonly SplitPart[] _parts;

    internal DataSplit(SplitOptions options, InteractionLog log, SplitPart[] parts)
    {
        Options = options;
        _log = log;
        _parts = parts;
        (Train, Validation, Test) = SplitParts.Build(options, log, parts);
    }

    /// <summary>The options it was made with.</summary>
    public SplitOptions Options { get; }

    /// <summary>What is learned from.</summary>
    public Dataset Train { get; }

    /// <summary>What options are chosen on; null where none was asked for.</summary>
    public HeldOutPart? Validation { get; }

    /// <summary>What is reported, once.</summary>
    public HeldOutPart Test { get; }

    /// <summary>Interactions left out because their item is not in the training part.</summary>
    public long ColdItems => _parts.LongCount(p => p == SplitPart.ColdItem);

    /// <summary>Temporal: interactions left out because the user had that item before the part began: seen items are never returned.</summary>
    public long Repeats => _parts.LongCount(p => p == SplitPart.Repeat);

    /// <summary>Interactions left out because their user has too few items.</summary>
    public long SmallUsers => _parts.LongCount(p => p == SplitPart.SmallUser);

    /// <summary>
    /// Writes the parts into a folder, made where needed, all or none. Strong: train.tsv, validation_foldin.tsv,
    /// validation_heldout.tsv, test_foldin.tsv, test_heldout.tsv; otherwise train.tsv, validation.tsv (where there is one)
    /// and test.tsv. With .csv for CSV and .gz behind it where <paramref name="compress"/>. Returns the files' paths.
    /// </summary>
    /// <exception cref="RecsysException">A file cannot be written.</exception>
    public IReadOnlyList<string> Write(
        string folder, WriteOptions? options = null, bool compress = false, CancellationToken cancellationToken = default)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new RecsysException($"{folder}: cannot be written: {e.Message}", e);
        }

        bool strong = Options.Strategy == SplitStrategy.Strong;
        var wanted = new List<(string Name, SplitPart Part)> { ("train", SplitPart.Train) };
        if (strong && Validation is not null)
        {
            wanted.Add(("validation_foldin", SplitPart.ValidationFoldIn));
        }

        if (Validation is not null)
        {
            wanted.Add((strong ? "validation_heldout" : "validation", SplitPart.ValidationHeldOut));
        }

        if (strong)
        {
            wanted.Add(("test_foldin", SplitPart.TestFoldIn));
        }

        wanted.Add((strong ? "test_heldout" : "test", SplitPart.TestHeldOut));
        string ending = (options?.Format == InteractionFormat.Csv ? ".csv" : ".tsv") + (compress ? ".gz" : "");
        var paths = new List<string>();
        using var files = new AtomicFiles();
        foreach (var (name, part) in wanted)
        {
            string path = Path.Combine(folder, name + ending);
            files.Write(path, stream => InteractionWriter.Write(stream, _log, e => _parts[e] == part, options, cancellationToken));
            paths.Add(path);
        }

        files.Commit();
        return paths;
    }
}
