namespace Recsys.Engine.Als;

/// <summary>How the system of one row (user or item) is solved.</summary>
public enum AlsSolver
{
    /// <summary>Exactly: Cholesky factors of the k × k normal matrix, or of the n × n dual where the row has few interactions.</summary>
    Cholesky,

    /// <summary>
    /// A few steps of conjugate gradients from the row's previous factors, preconditioned by the part of the matrix that
    /// all rows share; matrix-free (Takács, Pilászy and Tikk 2011; Hestenes and Stiefel 1952).
    /// </summary>
    ConjugateGradient,

    /// <summary>One exact pass over blocks of the row's coordinates (iALS++: Rendle et al. 2021b), in the whitened basis.</summary>
    Subspace,
}
