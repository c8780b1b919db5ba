namespace Recsys.Engine.Online.Partitioned;

/// <summary>
/// Shares of items in the factors of live logistic MF, or sums of them: of each item k factors, bias, the two Adagrad sums, and
/// its number of users.
/// </summary>
/// <param name="Items">Ids of the items.</param>
/// <param name="Length">Numbers of an item.</param>
/// <param name="Values">The numbers, item after item. Not written once they are here.</param>
public sealed record ItemFactorRows(IReadOnlyList<string> Items, int Length, float[] Values)
{
    /// <summary>Nothing.</summary>
    public static ItemFactorRows None { get; } = new([], 0, []);

    /// <summary>The numbers of an item.</summary>
    public ReadOnlySpan<float> Row(int item) => Values.AsSpan(item * Length, Length);

    /// <summary>Refuses what does not fit together.</summary>
    /// <exception cref="RecsysException">It does not.</exception>
    internal void Check(string whose)
    {
        if (Length < 0 || (long)Items.Count * Length != Values.Length)
        {
            throw new RecsysException($"{whose}: {Values.Length} numbers came for {Items.Count} items of {Length}");
        }
    }
}
