using System.Buffers;
using Recsys.Engine.Serving;

namespace Recsys.Engine.Ease;

/// <summary>
/// What EASE would say had one user not been in its training, or not with all items: exact, and without training again. With the
/// user's row x replaced by h, G' = G − xxᵀ + hhᵀ, so P' is a step of rank two from P (Woodbury), and the scores
/// s_j = −Σ_{i≠j} h_i P'_ij / P'_jj = h_j − (P'h)_j / P'_jj need no more than Px = d ∘ (x − xB) and Ph = d ∘ (h − hB), d the diagonal of P.
/// </summary>
internal static class EaseLeaveOut
{
    /// <summary>Whether a model holds what it takes: all of B and the diagonal of P.</summary>
    public static bool Applies(EaseModel model) => model.DeterminesInverse;

    /// <summary>Scores of all items for a history h, by the model trained with h instead of x, or with neither.</summary>
    /// <param name="model">A model that <see cref="Applies"/>.</param>
    /// <param name="row">x, the user's row in training.</param>
    /// <param name="rowWeights">Its weights; empty where all are 1.</param>
    /// <param name="history">h.</param>
    /// <param name="historyWeights">Its weights; empty where all are 1.</param>
    /// <param name="keep">Whether h takes the place of x in training (else the user is left out).</param>
    /// <param name="scores">One place an item.</param>
    public static void Score(
        EaseModel model,
        ReadOnlySpan<int> row,
        ReadOnlySpan<float> rowWeights,
        ReadOnlySpan<int> history,
        ReadOnlySpan<float> historyWeights,
        bool keep,
        Span<float> scores)
    {
        int n = model.Items.Count;
        float[] rented = ArrayPool<float>.Shared.Rent(2 * n);
        try
        {
            var a = rented.AsSpan(0, n);
            var b = rented.AsSpan(n, n);
            Apply(model, row, rowWeights, a);
            Apply(model, history, historyWeights, b);
            double ax = Dot(row, rowWeights, a);
            double ah = Dot(history, historyWeights, a);
            double bh = Dot(history, historyWeights, b);

            // K = S⁻¹ + UᵀPU for U = [x h], S = diag(−1, 1); without h only its first place
            double k00 = ax - 1, k01 = keep ? ah : 0, k11 = keep ? 1 + bh : 1;
            double determinant = (k00 * k11) - (k01 * k01);
            double i00 = k11 / determinant, i01 = -k01 / determinant, i11 = keep ? k00 / determinant : 0;
            double onA = (i00 * ah) + (i01 * bh), onB = (i01 * ah) + (i11 * bh);
            var diagonal = model.Weights.InverseDiagonal;
            for (int j = 0; j < n; j++)
            {
                double p = diagonal[j] - (i00 * a[j] * a[j]) - (2 * i01 * a[j] * b[j]) - (i11 * b[j] * b[j]);
                scores[j] = (float)(-(b[j] - (onA * a[j]) - (onB * b[j])) / p);
            }

            for (int e = 0; e < history.Length; e++)
            {
                scores[history[e]] += historyWeights.IsEmpty ? 1 : historyWeights[e];
            }
        }
        finally
        {
            ArrayPool<float>.Shared.Return(rented);
        }
    }

    /// <summary>P times a sparse vector.</summary>
    private static void Apply(EaseModel model, ReadOnlySpan<int> items, ReadOnlySpan<float> weights, Span<float> result)
    {
        RowSumScorer.Score(model.Weights.Dense!, items, weights, result);
        var diagonal = model.Weights.InverseDiagonal;
        for (int j = 0; j < result.Length; j++)
        {
            result[j] *= -diagonal[j];
        }

        for (int e = 0; e < items.Length; e++)
        {
            result[items[e]] += diagonal[items[e]] * (weights.IsEmpty ? 1 : weights[e]);
        }
    }

    private static double Dot(ReadOnlySpan<int> items, ReadOnlySpan<float> weights, ReadOnlySpan<float> vector)
    {
        double sum = 0;
        for (int e = 0; e < items.Length; e++)
        {
            sum += (double)vector[items[e]] * (weights.IsEmpty ? 1 : weights[e]);
        }

        return sum;
    }
}
