namespace Recsys.Engine.Serving;

/// <summary>What is searched for.</summary>
public enum SearchKind
{
    /// <summary>Users by id.</summary>
    User,

    /// <summary>Items by id or name.</summary>
    Item,
}
