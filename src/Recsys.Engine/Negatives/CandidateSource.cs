namespace Recsys.Engine.Negatives;

/// <summary>A distribution over items that does not look at any user: what rejection then conditions on a history.</summary>
internal abstract class CandidateSource
{
    /// <summary>Number of places; place p holds item <see cref="ItemAt"/>(p), ascending.</summary>
    public abstract int Count { get; }

    /// <summary>Whether every place has weight zero, so that nothing can be drawn.</summary>
    public abstract bool IsEmpty { get; }

    /// <summary>The item that 64 random bits choose.</summary>
    public abstract int Draw(ulong bits);

    /// <summary>The item of a place.</summary>
    public abstract int ItemAt(int place);

    /// <summary>The weight of a place, in the source's own unit.</summary>
    public abstract ulong WeightAt(int place);

    /// <summary>Log of the probability of an item.</summary>
    public abstract float LogProbability(int item);

    /// <summary>An item's count has changed.</summary>
    public abstract void CountChanged(int item, int count);
}
