namespace Recsys.Engine.Numerics;

/// <summary>A matrix that has to be symmetric positive definite is not: a pivot was not positive or not finite.</summary>
public sealed class NotPositiveDefiniteException : RecsysException
{
    /// <summary>Creates the error for the zero-based <paramref name="pivot"/> that failed.</summary>
    public NotPositiveDefiniteException(long pivot, double value, string? what = null)
        : base($"{what ?? "the matrix"} is not positive definite: pivot {pivot} is {value:G6}; raise the regularization")
    {
        Pivot = pivot;
        Value = value;
    }

    /// <summary>Zero-based index of the pivot (row) that failed.</summary>
    public long Pivot { get; }

    /// <summary>The pivot's value: zero, negative or NaN.</summary>
    public double Value { get; }
}
