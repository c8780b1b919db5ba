namespace Recsys.Engine.Data;

/// <summary>How a file of interactions is read. The defaults read everything that can be detected.</summary>
public sealed record ReadOptions
{
    /// <summary>The defaults.</summary>
    public static ReadOptions Default { get; } = new();

    /// <summary>The layout; null detects it from the first lines.</summary>
    public InteractionFormat? Format { get; init; }

    /// <summary>What a malformed line leads to.</summary>
    public OnError OnError { get; init; } = OnError.Fail;

    /// <summary>How many messages of skipped lines are kept.</summary>
    public int MaxSkippedExamples { get; init; } = 5;

    /// <summary>What becomes of pairs that stand more than once, where a matrix is built.</summary>
    public DuplicatePolicy Duplicates { get; init; } = DuplicatePolicy.Sum;

    /// <summary>Interactions with a weight below this are left out and counted, e.g. 4 for "ratings of 4 and more".</summary>
    public float? MinWeight { get; init; }

    /// <summary>Whether every remaining pair gets the weight 1, however often it stands (after <see cref="MinWeight"/>).</summary>
    public bool Binary { get; init; }

    /// <summary>Whether negative weights (dislikes) are accepted; otherwise they are malformed.</summary>
    public bool AllowNegative { get; init; }

    /// <summary>Whether times are kept where there are any. They are checked in any case.</summary>
    public bool KeepTimes { get; init; } = true;

    /// <summary>Whether a file without a single interaction is accepted; otherwise it is an error.</summary>
    public bool AllowEmpty { get; init; }

    /// <summary>
    /// Whether the first line of a TSV or CSV file names the columns. Null decides by the line: it does when it holds a
    /// name for the user and one for the item.
    /// </summary>
    public bool? Header { get; init; }

    /// <summary>The separator of <see cref="InteractionFormat.Csv"/> where it is not a comma, e.g. ';'. An ASCII character.</summary>
    public char? Separator { get; init; }

    /// <summary>The user's column: a name in the header, or its number from 1. Null takes the usual names, else the first.</summary>
    public string? UserColumn { get; init; }

    /// <summary>The item's column: a name in the header, or its number from 1. Null takes the usual names, else the second.</summary>
    public string? ItemColumn { get; init; }

    /// <summary>The weight's column: a name in the header, or its number from 1. Null takes the usual names, else the third.</summary>
    public string? WeightColumn { get; init; }

    /// <summary>The time's column: a name in the header, or its number from 1. Null takes the usual names, else the fourth.</summary>
    public string? TimeColumn { get; init; }

    /// <summary>User ids that are known already, e.g. those of the training data; they keep their indices.</summary>
    public IdTable? Users { get; init; }

    /// <summary>Item ids that are known already, e.g. those of the training data; they keep their indices.</summary>
    public IdTable? Items { get; init; }

    /// <summary>What becomes of users that are not in <see cref="Users"/>.</summary>
    public UnknownIds UnknownUsers { get; init; } = UnknownIds.Add;

    /// <summary>What becomes of items that are not in <see cref="Items"/>.</summary>
    public UnknownIds UnknownItems { get; init; } = UnknownIds.Add;
}
