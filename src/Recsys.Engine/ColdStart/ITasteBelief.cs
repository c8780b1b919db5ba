namespace Recsys.Engine.ColdStart;

/// <summary>
/// What is believed of one new user while answers come in, and how uncertain it is. Made by <see cref="ITastes.Begin"/>;
/// not for concurrent use.
/// </summary>
public interface ITasteBelief
{
    /// <summary>Takes an answer in.</summary>
    void Learn(int item, Answer answer);

    /// <summary>How much knowing whether the user likes an item would tell; 0 or more, one place an item.</summary>
    void Information(Span<float> information);

    /// <summary>Chance that the user knows and likes an item, 0 to 1, one place an item.</summary>
    void Chances(Span<float> chances);
}
