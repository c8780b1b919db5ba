namespace Recsys.Engine.Evaluation;

/// <summary>A third of the training interactions, by the popularity of their items.</summary>
public enum PopularityBand
{
    /// <summary>The most popular items: few, with a third of the interactions.</summary>
    Head,

    /// <summary>The items in between.</summary>
    Mid,

    /// <summary>The least popular items: most of the catalogue, with the last third of the interactions.</summary>
    Tail,
}
