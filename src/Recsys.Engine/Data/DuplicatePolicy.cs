namespace Recsys.Engine.Data;

/// <summary>What becomes of a user-item pair that stands more than once.</summary>
public enum DuplicatePolicy
{
    /// <summary>The weights are added: a list of events becomes counts. A pair whose sum is 0 is left out.</summary>
    Sum,

    /// <summary>The weight of the latest is kept: by time where there are times, among equals the one read last.</summary>
    Last,

    /// <summary>The greatest weight is kept.</summary>
    Max,
}
