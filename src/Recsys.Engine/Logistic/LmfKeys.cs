using Recsys.Engine.Negatives;

namespace Recsys.Engine.Logistic;

/// <summary>The streams of randomness that one seed is split into.</summary>
internal static class LmfKeys
{
    public static ulong Users(ulong seed) => CounterRandom.Derive(seed, 1);

    public static ulong Items(ulong seed) => CounterRandom.Derive(seed, 2);

    /// <summary>One pass of batch training; a click's negatives are keyed by its place in the matrix under this.</summary>
    public static ulong Epoch(ulong seed, int epoch) => CounterRandom.Derive(CounterRandom.Derive(seed, 3), (ulong)epoch);

    public static ulong FoldIn(ulong seed) => CounterRandom.Derive(seed, 4);

    public static ulong Online(ulong seed, long step) => CounterRandom.Derive(CounterRandom.Derive(seed, 5), (ulong)step);
}
