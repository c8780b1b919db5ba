using Recsys.Engine.Numerics;

namespace Recsys.Engine.Ease.Distributed;

/// <summary>Why a step failed.</summary>
/// <param name="Message">One line for people.</param>
/// <param name="Lasting">Whether it would fail again: then the training ends; otherwise it is tried anew.</param>
/// <param name="Pivot">The pivot that was not positive, or −1.</param>
/// <param name="Value">Its value.</param>
public sealed record EaseFailure(string Message, bool Lasting, long Pivot = -1, double Value = 0)
{
    /// <summary>The failure that an exception stands for.</summary>
    internal static EaseFailure Of(Exception error) => error switch
    {
        NotPositiveDefiniteException e => new(e.Message, true, e.Pivot, e.Value),
        PartitionUnreachableException e => new(e.Message, false),
        RecsysException e => new(e.Message, true),
        _ => new($"{error.GetType().Name}: {error.Message}", false),
    };

    /// <summary>The exception to be thrown where the training was asked for.</summary>
    internal RecsysException ToException() =>
        Pivot >= 0 ? new NotPositiveDefiniteException(Pivot, Value) : new RecsysException(Message);
}
