using System.Runtime.Intrinsics;

namespace Recsys.Engine.Logistic;

/// <summary>The losses as functions of the logits, and their derivatives.</summary>
internal static class LmfLossFunction
{
    /// <summary>
    /// Returns weight · loss and writes its derivative by each logit.
    /// </summary>
    /// <param name="loss">Which loss.</param>
    /// <param name="weight">Weight of the click.</param>
    /// <param name="logits">The positive's logit, then the negatives'. Overwritten up to a multiple of 16: spare places must exist.</param>
    /// <param name="count">Number of logits, at least 1.</param>
    /// <param name="derivatives">Receives ∂loss/∂logit; as long as <paramref name="logits"/>.</param>
    public static float Evaluate(LmfLoss loss, float weight, Span<float> logits, int count, Span<float> derivatives) => loss switch
    {
        LmfLoss.Logistic => Logistic(weight, logits, count, derivatives),
        LmfLoss.Bpr => Bpr(weight, logits, count, derivatives),
        _ => Softmax(weight, logits, count, derivatives),
    };

    /// <summary>The loss of an item the user dislikes: −weight·log(1 − σ(z)).</summary>
    public static float Dislike(float weight, Span<float> logits, Span<float> derivatives)
    {
        logits[0] = -logits[0];
        float value = Logistic(weight, logits, 1, derivatives);
        derivatives[0] = -derivatives[0];
        return value;
    }

    private static float Logistic(float weight, Span<float> logits, int count, Span<float> derivatives)
    {
        // With the positive's sign turned, every term is log(1 + e^z), its derivative σ(z).
        logits[0] = -logits[0];
        float value = SoftPlus(logits, count, derivatives);
        Scale(derivatives, count, weight);
        derivatives[0] = -derivatives[0];
        return weight * value;
    }

    private static float Bpr(float weight, Span<float> logits, int count, Span<float> derivatives)
    {
        int negatives = count - 1;
        if (negatives == 0)
        {
            derivatives[0] = 0;
            return 0;
        }

        float positive = logits[0];
        for (int l = 1; l < count; l++)
        {
            logits[l] -= positive;
        }

        // A place that adds nothing stands for the positive: e^−∞ = 0.
        logits[0] = float.NegativeInfinity;
        float value = SoftPlus(logits, count, derivatives);
        Scale(derivatives, count, weight / negatives);
        float sum = 0;
        for (int l = 1; l < count; l++)
        {
            sum += derivatives[l];
        }

        derivatives[0] = -sum;
        return weight / negatives * value;
    }

    private static float Softmax(float weight, Span<float> logits, int count, Span<float> derivatives)
    {
        float highest = logits[0];
        for (int l = 1; l < count; l++)
        {
            highest = MathF.Max(highest, logits[l]);
        }

        float positive = logits[0] - highest;
        int padded = Pad(logits, count);
        var sums = Vector512<float>.Zero;
        var shift = Vector512.Create(highest);
        for (int l = 0; l < padded; l += 16)
        {
            var e = Vector512.Exp(Vector512.Create<float>(logits.Slice(l, 16)) - shift);
            e.CopyTo(derivatives.Slice(l, 16));
            sums += e;
        }

        float sum = Vector512.Sum(sums);
        Scale(derivatives, count, weight / sum);
        derivatives[0] -= weight;
        return weight * (MathF.Log(sum) - positive);
    }

    // Σ log(1 + e^z) over the first count places, and σ(z) of each.
    private static float SoftPlus(Span<float> logits, int count, Span<float> sigmoids)
    {
        int padded = Pad(logits, count);
        var sums = Vector512<float>.Zero;
        for (int l = 0; l < padded; l += 16)
        {
            // With e = e^−|z|: log(1 + e^z) = max(z, 0) + log(1 + e), and σ is 1/(1 + e) or e/(1 + e).
            var z = Vector512.Create<float>(logits.Slice(l, 16));
            var e = Vector512.Exp(-Vector512.Abs(z));
            var inverse = Vector512<float>.One / (Vector512<float>.One + e);
            var positive = Vector512.GreaterThan(z, Vector512<float>.Zero);
            Vector512.ConditionalSelect(positive, inverse, e * inverse).CopyTo(sigmoids.Slice(l, 16));
            sums += Vector512.Max(z, Vector512<float>.Zero) + Vector512.Log(Vector512<float>.One + e);
        }

        return Vector512.Sum(sums);
    }

    private static int Pad(Span<float> logits, int count)
    {
        int padded = (count + 15) & ~15;
        logits[count..padded].Fill(float.NegativeInfinity);
        return padded;
    }

    private static void Scale(Span<float> values, int count, float factor)
    {
        for (int l = 0; l < count; l++)
        {
            values[l] *= factor;
        }
    }
}
