using Recsys.Engine.Logistic;
using Recsys.Engine.Negatives;

namespace Recsys.Engine.Tests.Logistic;

public sealed unsafe class LmfStepTests
{
    private const int Factors = 21;
    private const int Items = 12;

    [Theory]
    [InlineData(LmfLoss.Logistic, 0f, false, 0f)]
    [InlineData(LmfLoss.Logistic, 1f, true, 0.5f)]
    [InlineData(LmfLoss.Bpr, 0f, false, 0.3f)]
    [InlineData(LmfLoss.Bpr, 0.4f, true, 0f)]
    [InlineData(LmfLoss.Softmax, 0f, false, 0f)]
    [InlineData(LmfLoss.Softmax, 1f, true, 0.7f)]
    public void A_step_moves_every_row_along_the_numerical_gradient_of_the_whole_objective(
        LmfLoss loss, float correction, bool dynamic, float margin)
    {
        var options = new LmfOptions
        {
            Loss = loss,
            Factors = Factors,
            NegativeCount = 5,
            Negatives = NegativeSamplerSpec.Popularity(0.5),
            Correction = correction,
            Margin = margin,
            DynamicMargin = dynamic,
            UserRegularization = 0.02f,
            ItemRegularization = 0.03f,
            BiasRegularization = 0.04f,
            InitialSpread = 2,
        };
        var counts = Counts();
        using var users = new FactorTable(Factors, options.RowSpread, options.InitialSum, 1);
        using var items = new FactorTable(Factors, options.RowSpread, options.InitialSum, 2);
        users.Grow(1);
        items.Grow(Items);
        for (int i = 0; i < Items; i++)
        {
            items.Row(i)[items.Width] = (i - 5) * 0.1f;
        }

        using var before = items.Copy();
        using var userBefore = users.Copy();
        var sampler = options.Negatives.CreateLive(counts);
        const ulong Key = 91;
        int[] negatives = Distinct(sampler, Key, out ulong key);
        using var step = new LmfStep(options, items, counts, options.NegativeCount);
        const float Weight = 1.5f;
        float value = step.Learn(users.Row(0), 3, Weight, [3], sampler, key);

        // The objective as a function of all that a step touches: p, then each row's q and b.
        int[] touched = [3, .. negatives];
        double Objective(double[] x)
        {
            var z = touched.Select((item, l) =>
            {
                double s = x[Factors + (l * (Factors + 1)) + Factors];
                for (int f = 0; f < Factors; f++)
                {
                    s += x[f] * x[Factors + (l * (Factors + 1)) + f];
                }

                double m = dynamic ? margin * Math.Pow(1 + counts[item], -0.25) : margin;
                return s - (l == 0 ? m : 0) - (correction * sampler.LogProbability(item));
            }).ToArray();
            return Reference.Loss(loss, Weight, z);
        }

        var at = new List<double>();
        at.AddRange(new ReadOnlySpan<float>(userBefore.Row(0), Factors).ToArray().Select(v => (double)v));
        foreach (int item in touched)
        {
            at.AddRange(new ReadOnlySpan<float>(before.Row(item), Factors).ToArray().Select(v => (double)v));
            at.Add(before.Row(item)[before.Width]);
        }

        double[] point = [.. at];
        Assert.Equal(Objective(point), value, 1e-4);
        double[] gradient = Enumerable.Range(0, point.Length).Select(i => Reference.Derivative(Objective, point, i)).ToArray();

        AssertMoved(userBefore.Row(0), users.Row(0), gradient.AsSpan(0, Factors), options, options.UserRegularization);
        for (int l = 0; l < touched.Length; l++)
        {
            var part = gradient.AsSpan(Factors + (l * (Factors + 1)), Factors + 1);
            float* old = before.Row(touched[l]);
            float* now = items.Row(touched[l]);
            AssertMoved(old, now, part[..Factors], options, options.ItemRegularization / (l == 0 ? 1 : negatives.Length));
            double rate = options.LearningRate / Math.Sqrt(options.InitialSum + (part[Factors] * part[Factors]));
            double bias = old[before.Width];
            Assert.Equal(bias - (rate * (part[Factors] + (options.BiasRegularization * bias))), now[items.Width], 2e-5);
        }

        foreach (int other in Enumerable.Range(0, Items).Except(touched))
        {
            Assert.True(new ReadOnlySpan<float>(before.Row(other), before.Stride).SequenceEqual(new(items.Row(other), items.Stride)));
        }
    }

    [Fact]
    public void A_dislike_moves_the_user_away_from_the_item_without_any_sample()
    {
        var options = new LmfOptions { Factors = Factors, InitialSpread = 1 };
        using var users = new FactorTable(Factors, options.RowSpread, options.InitialSum, 1);
        using var items = new FactorTable(Factors, options.RowSpread, options.InitialSum, 2);
        users.Grow(1);
        items.Grow(Items);
        using var before = items.Copy();
        using var step = new LmfStep(options, items, Counts(), options.NegativeCount);
        float score = FactorKernels.Dot(users.Row(0), items.Row(4), items.Width);
        step.Learn(users.Row(0), 4, -1, [4], options.Negatives.CreateLive(Counts()), 5);
        Assert.True(FactorKernels.Dot(users.Row(0), items.Row(4), items.Width) + items.Row(4)[items.Width] < score);
        foreach (int other in Enumerable.Range(0, Items).Where(i => i != 4))
        {
            Assert.True(new ReadOnlySpan<float>(before.Row(other), before.Stride).SequenceEqual(new(items.Row(other), items.Stride)));
        }
    }

    [Fact]
    public void The_padding_of_rows_stays_zero()
    {
        var options = new LmfOptions { Factors = Factors, InitialSpread = 1, NegativeCount = 3 };
        using var users = new FactorTable(Factors, options.RowSpread, options.InitialSum, 1);
        using var items = new FactorTable(Factors, options.RowSpread, options.InitialSum, 2);
        users.Grow(1);
        items.Grow(Items);
        using var step = new LmfStep(options, items, Counts(), 3);
        for (ulong key = 0; key < 20; key++)
        {
            step.Learn(users.Row(0), (int)(key % Items), 1, [], options.Negatives.CreateLive(Counts()), key);
        }

        for (int i = 0; i < Items; i++)
        {
            Assert.All(new ReadOnlySpan<float>(items.Row(i) + Factors, items.Width - Factors).ToArray(), x => Assert.Equal(0, x));
        }
    }

    // A key whose draws are all different, so that the objective has each row once.
    private static int[] Distinct(INegativeSampler sampler, ulong start, out ulong key)
    {
        var drawn = new int[5];
        for (key = start; ; key++)
        {
            sampler.Sample(new NegativeRequest(key, 3, [3]), drawn);
            if (drawn.Distinct().Count() == drawn.Length)
            {
                return drawn;
            }
        }
    }

    private static ItemCounts Counts()
    {
        var counts = new ItemCounts(Items);
        for (int i = 0; i < Items; i++)
        {
            counts.Add(i, 1 + (i * i));
        }

        return counts;
    }

    private static void AssertMoved(float* before, float* now, ReadOnlySpan<double> gradient, LmfOptions options, double regularization)
    {
        double square = 0;
        foreach (double g in gradient)
        {
            square += g * g;
        }

        double rate = options.LearningRate / Math.Sqrt(options.InitialSum + (square / Factors));
        for (int f = 0; f < Factors; f++)
        {
            Assert.Equal(before[f] - (rate * (gradient[f] + (regularization * before[f]))), now[f], 2e-5);
        }
    }
}
