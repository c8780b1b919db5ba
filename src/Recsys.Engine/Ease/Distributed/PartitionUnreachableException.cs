namespace Recsys.Engine.Ease.Distributed;

/// <summary>A partition did not answer, or has forgotten what it had: the training goes back to where all can go on.</summary>
public sealed class PartitionUnreachableException : RecsysException
{
    /// <summary>Creates the error.</summary>
    public PartitionUnreachableException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
