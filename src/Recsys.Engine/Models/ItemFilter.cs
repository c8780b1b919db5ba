namespace Recsys.Engine.Models;

/// <summary>
/// Which items may be returned. Applied while scoring, so that n results come back whenever n eligible items exist.
/// Masks hold one bit an item (bit i &amp; 63 of word i &gt;&gt; 6).
/// </summary>
public sealed record ItemFilter
{
    /// <summary>The default: only the user's own history is left out.</summary>
    public static ItemFilter Default { get; } = new();

    /// <summary>Whether items of the user's history may be returned.</summary>
    public bool KeepSeen { get; init; }

    /// <summary>Items never to return, strictly ascending dense indices.</summary>
    public ReadOnlyMemory<int> Exclude { get; init; }

    /// <summary>Where set, only items whose bit is 1 may be returned (allow-list, categories, availability, intersected).</summary>
    public ReadOnlyMemory<ulong>? Allowed { get; init; }
}
