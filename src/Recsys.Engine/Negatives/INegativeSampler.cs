namespace Recsys.Engine.Negatives;

/// <summary>
/// Draws items that a user has not interacted with, to stand as negatives beside a click. Draws depend on the request's
/// key and the sampler's state only; a call allocates nothing. Not thread-safe: one sampler a thread, or a lock.
/// </summary>
public interface INegativeSampler
{
    /// <summary>
    /// Fills <paramref name="items"/> with negatives, drawn with replacement, and returns how many were found: fewer than
    /// asked for (possibly none) only when no eligible item is left, i.e. the user has seen everything it could draw.
    /// </summary>
    int Sample(in NegativeRequest request, Span<int> items);

    /// <summary>
    /// Log of the probability with which one draw is <paramref name="item"/>, the user's history aside: what the
    /// log-popularity correction takes off a score. For hard samplers that of the sampler they draw from.
    /// </summary>
    float LogProbability(int item);

    /// <summary>Tells that <paramref name="item"/> now has <paramref name="count"/> users; items may be new.</summary>
    void CountChanged(int item, int count);

    /// <summary>Tells that <paramref name="item"/> was clicked, after its negatives were drawn.</summary>
    void Clicked(int item);
}
