using Recsys.Engine.Models;

namespace Recsys.Engine.Comparing;

/// <summary>A model just made.</summary>
/// <param name="Model">The model.</param>
/// <param name="Seconds">Seconds it takes to make it, those spent for other models too included.</param>
/// <param name="SharedSeconds">Those spent for other models too.</param>
/// <param name="Owned">Whether whoever asked for it is to dispose it.</param>
internal sealed record MadeModel(IRecommenderModel Model, double Seconds, double SharedSeconds, bool Owned);
