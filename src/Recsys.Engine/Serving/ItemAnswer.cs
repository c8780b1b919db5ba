using Recsys.Engine.ColdStart;

namespace Recsys.Engine.Serving;

/// <summary>What a new user says of an item.</summary>
/// <param name="Item">Its id.</param>
/// <param name="Answer">The answer.</param>
public sealed record ItemAnswer(string Item, Answer Answer);
