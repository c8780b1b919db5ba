namespace Recsys.Engine.Serving;

/// <summary>Changing what is known of items.</summary>
public interface IItemWriter
{
    /// <summary>Adds or replaces items; returns when that is durable.</summary>
    ValueTask UpsertAsync(IReadOnlyList<ItemUpdate> items, CancellationToken cancellationToken = default);

    /// <summary>
    /// Forgets what is known of an item; it is not recommended any more until it is added again. Returns false when it
    /// was unknown.
    /// </summary>
    ValueTask<bool> DeleteAsync(string item, CancellationToken cancellationToken = default);
}
