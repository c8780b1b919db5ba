namespace Recsys.Engine.Data;

/// <summary>How interactions are written.</summary>
public sealed record WriteOptions
{
    /// <summary>The defaults: TSV, a header only where it is needed.</summary>
    public static WriteOptions Default { get; } = new();

    /// <summary><see cref="InteractionFormat.Tsv"/> or <see cref="InteractionFormat.Csv"/>.</summary>
    public InteractionFormat Format { get; init; } = InteractionFormat.Tsv;

    /// <summary>
    /// Whether the first line names the columns (user, item, weight, time). Where it does not, a header is still
    /// written when the first interaction would be taken for one.
    /// </summary>
    public bool Header { get; init; }
}
