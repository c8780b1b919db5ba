namespace Recsys.Engine.ColdStart;

/// <summary>A model with a belief of its own about new users; for others it is taken from the histories.</summary>
public interface ITasteModel
{
    /// <summary>What is believed of any user. It refers to the model's memory.</summary>
    ITastes CreateTastes();
}
