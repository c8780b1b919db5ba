namespace Recsys.Engine.Tuning;

/// <summary>An option that a search chooses, and what it may be.</summary>
/// <param name="Name">The option's name without dashes.</param>
/// <param name="Range">Its values.</param>
public sealed record SearchDimension(string Name, SearchRange Range);
