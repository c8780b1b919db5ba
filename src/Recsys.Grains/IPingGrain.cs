namespace Recsys.Grains;

/// <summary>Answers, wherever it is.</summary>
[Alias("recsys.ping")]
public interface IPingGrain : IGrainWithStringKey
{
    /// <summary>The silo it lives on.</summary>
    [Alias("where")]
    Task<string> WhereAsync();
}
