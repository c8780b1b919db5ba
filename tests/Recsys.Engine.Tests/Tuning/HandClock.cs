namespace Recsys.Engine.Tests.Tuning;

/// <summary>A clock that stands still until it is moved.</summary>
internal sealed class HandClock : TimeProvider
{
    private long _ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public TimeSpan Now => TimeSpan.FromTicks(_ticks);

    public void Move(TimeSpan by) => _ticks += by.Ticks;

    public override long GetTimestamp() => _ticks;
}
