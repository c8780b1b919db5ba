namespace Recsys.Engine.Serving;

/// <summary>Which version of each model answers, and which model when none is named.</summary>
internal sealed record ModelChoice(string? Default, IReadOnlyDictionary<string, string> Active);
