namespace Recsys.Engine.Blending;

/// <summary>On whom the weights of a blend are fitted.</summary>
public enum BlendProtocol
{
    /// <summary>On users kept out of the members' training, whose histories are folded in.</summary>
    Strong,

    /// <summary>On users of the training, some of whose items are kept out.</summary>
    Weak,
}
