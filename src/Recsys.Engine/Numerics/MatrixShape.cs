namespace Recsys.Engine.Numerics;

/// <summary>Which part of a square matrix is not zero.</summary>
internal enum MatrixShape
{
    /// <summary>All of it.</summary>
    Full,

    /// <summary>On and below the diagonal.</summary>
    Lower,

    /// <summary>On and above the diagonal.</summary>
    Upper,
}
