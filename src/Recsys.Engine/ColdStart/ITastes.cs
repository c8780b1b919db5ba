namespace Recsys.Engine.ColdStart;

/// <summary>What is believed of any user before the first answer. Immutable, safe for any number of concurrent readers.</summary>
public interface ITastes
{
    /// <summary>Number of items.</summary>
    int Items { get; }

    /// <summary>The belief about a new user.</summary>
    ITasteBelief Begin();
}
