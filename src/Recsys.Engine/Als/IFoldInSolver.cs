using Recsys.Engine.Models;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Als;

/// <summary>What a finished model computes for one user, with scratch memory; one implementation for each vector width.</summary>
internal interface IFoldInSolver : IDisposable
{
    /// <summary>The factors of a history: (g·QᵀQ + λwI + Σ e q qᵀ)⁻¹ Σ t q.</summary>
    void Solve(DenseMatrix itemFactors, GramMatrix gram, ReadOnlySpan<int> items, ReadOnlySpan<float> weights, Span<float> factors);

    /// <summary>Each history item's part of the score of <paramref name="item"/>; returns the score.</summary>
    float Explain(
        DenseMatrix itemFactors,
        GramMatrix gram,
        ReadOnlySpan<int> items,
        ReadOnlySpan<float> weights,
        int item,
        Span<ScoredItem> contributions);

    /// <summary>The length of every row.</summary>
    float[] Norms(DenseMatrix itemFactors);

    /// <summary>QᵀQ.</summary>
    GramMatrix Gram(DenseMatrix itemFactors);
}
