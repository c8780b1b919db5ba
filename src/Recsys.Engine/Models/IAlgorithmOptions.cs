namespace Recsys.Engine.Models;

/// <summary>Options of an algorithm.</summary>
public interface IAlgorithmOptions
{
    /// <summary>Refuses what cannot be trained with.</summary>
    /// <exception cref="InvalidOptionException">An option is out of its range.</exception>
    void Validate();
}
