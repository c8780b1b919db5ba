namespace Recsys.Engine.Logistic;

/// <summary>
/// What a click and its sampled negatives are asked to do. z₀ is the positive's logit, z₁…z_N the negatives' (see
/// <see cref="LmfOptions"/> for margin and correction).
/// </summary>
public enum LmfLoss
{
    /// <summary>−log σ(z₀) − Σ log(1 − σ(z_l)): each pair on its own ("lmf"; Johnson 2014 with sampled negatives).</summary>
    Logistic,

    /// <summary>−1/N Σ log σ(z₀ − z_l): the positive above each negative ("bpr"; Rendle et al. 2009).</summary>
    Bpr,

    /// <summary>−log(e^z₀ / Σ e^z_l): items compete for one click ("softmax"; Bengio and Senécal 2008).</summary>
    Softmax,
}
