using Recsys.Engine.Logistic;

namespace Recsys.Engine.Tests.Logistic;

public sealed class LmfLossTests
{
    [Theory]
    [InlineData(LmfLoss.Logistic)]
    [InlineData(LmfLoss.Bpr)]
    [InlineData(LmfLoss.Softmax)]
    public void Value_and_derivatives_are_those_of_the_formula_differentiated_numerically(LmfLoss loss)
    {
        var random = new Random(7);
        for (int trial = 0; trial < 50; trial++)
        {
            int count = 2 + random.Next(40);
            float weight = 0.25f + random.NextSingle();
            var logits = Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() * 8 - 4)).ToArray();
            var derivatives = new float[64];
            float value = LmfLossFunction.Evaluate(loss, weight, Padded(logits), count, derivatives);

            var z = logits.Select(l => (double)l).ToArray();
            Assert.Equal(Reference.Loss(loss, weight, z), value, 1e-4 * Math.Max(1, Math.Abs(value)));
            for (int l = 0; l < count; l++)
            {
                double numeric = Reference.Derivative(x => Reference.Loss(loss, weight, x), z, l);
                Assert.Equal(numeric, derivatives[l], 2e-6);
            }
        }
    }

    [Fact]
    public void A_dislike_is_the_negative_part_of_the_logistic_loss()
    {
        foreach (float z in new[] { -3f, 0f, 0.5f, 4f })
        {
            var derivatives = new float[16];
            float value = LmfLossFunction.Dislike(2, Padded([z]), derivatives);
            Assert.Equal(-2 * Math.Log(1 - Reference.Sigmoid(z)), value, 1e-5);
            Assert.Equal(2 * Reference.Sigmoid(z), derivatives[0], 1e-6);
        }
    }

    [Theory]
    [InlineData(LmfLoss.Logistic)]
    [InlineData(LmfLoss.Bpr)]
    [InlineData(LmfLoss.Softmax)]
    public void Huge_logits_give_finite_losses_and_derivatives(LmfLoss loss)
    {
        float[][] cases = [[1e4f, -1e4f, 0], [-1e4f, 1e4f, 1e4f], [0, 3e5f, -3e5f], [200, 200, 200]];
        foreach (float[] logits in cases)
        {
            var derivatives = new float[16];
            float value = LmfLossFunction.Evaluate(loss, 1, Padded(logits), logits.Length, derivatives);
            Assert.True(float.IsFinite(value));
            Assert.All(derivatives[..logits.Length], d => Assert.InRange(d, -1.0001f, 1.0001f));
        }
    }

    private static float[] Padded(float[] logits)
    {
        var padded = new float[64];
        logits.CopyTo(padded, 0);
        return padded;
    }
}
