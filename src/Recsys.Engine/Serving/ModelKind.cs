namespace Recsys.Engine.Serving;

/// <summary>What a model that answers knows of events.</summary>
public enum ModelKind
{
    /// <summary>Nothing: it answers as it was trained, histories too.</summary>
    Trained,

    /// <summary>Histories as they are now, folded into what was trained; new items wait for the next training.</summary>
    Standing,

    /// <summary>Everything: it learns from each event.</summary>
    Live,
}
