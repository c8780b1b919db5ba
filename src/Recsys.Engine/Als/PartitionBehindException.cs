namespace Recsys.Engine.Als;

/// <summary>A partition was lost, or is elsewhere for another reason, and does not hold the factors a call needs: the training goes back to where all can go on.</summary>
public sealed class PartitionBehindException : RecsysException
{
    /// <summary>Creates the error.</summary>
    public PartitionBehindException(string message)
        : base(message)
    {
    }
}
