namespace Recsys.Engine.Online.Prequential;

/// <summary>What of EASE follows the events.</summary>
internal enum EaseUpdating
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The histories that are scored, not B.</summary>
    Histories,

    /// <summary>Both.</summary>
    Exact,
}
