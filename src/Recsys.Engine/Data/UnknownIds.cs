namespace Recsys.Engine.Data;

/// <summary>What becomes of interactions whose id is not in the table that the reading was given.</summary>
public enum UnknownIds
{
    /// <summary>The id is added, in a copy of the given table: the table itself is never changed.</summary>
    Add,

    /// <summary>The interaction is left out and counted.</summary>
    Drop,
}
