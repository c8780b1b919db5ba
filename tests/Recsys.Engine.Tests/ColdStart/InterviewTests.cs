using Recsys.Engine.Als;
using Recsys.Engine.ColdStart;
using Recsys.Engine.Data;
using Recsys.Engine.Data.Synthetic;
using Recsys.Engine.Ease;
using Recsys.Engine.Models;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Tests.ColdStart;

public sealed class InterviewTests
{
    private static readonly SyntheticCatalogue Shop = SyntheticCatalogue.Create(new SyntheticOptions { Users = 400, Items = 150, Seed = 3 });

    [Fact]
    public void Information_of_factors_is_the_growth_of_the_log_determinant_of_the_precision()
    {
        // Written out in double: V from the users, each answer adds q qᵀ/σ² to V⁻¹, gain = log det after − log det before.
        const double noise = 0.1;
        var random = new Random(5);
        using var users = Random(random, 60, 3);
        using var items = Random(random, 20, 3);
        var tastes = new FactorTastes(users, items);
        var belief = tastes.Begin();
        double[,] precision = Invert(Covariance(users));
        foreach (var (item, answer) in new[] { (-1, Answer.Like), (4, Answer.Like), (7, Answer.Unknown), (11, Answer.Dislike) })
        {
            if (item >= 0)
            {
                belief.Learn(item, answer);
                precision = Plus(precision, items.Row(item), noise);
            }

            var information = new float[20];
            belief.Information(information);
            for (int j = 0; j < 20; j++)
            {
                double expected = LogDeterminant(Plus(precision, items.Row(j), noise)) - LogDeterminant(precision);
                Assert.Equal(expected, information[j], 1e-4 * (1 + expected));
            }
        }
    }

    [Fact]
    public void The_mean_of_factors_is_the_regression_of_the_answers()
    {
        // μ' = (V⁻¹ + Σ q qᵀ/σ²)⁻¹ (V⁻¹ μ + Σ y q/σ²): conditioning in one piece instead of step by step.
        const double noise = 0.1;
        var random = new Random(8);
        using var users = Random(random, 50, 3);
        using var items = Random(random, 12, 3);
        var belief = new FactorTastes(users, items).Begin();
        belief.Learn(2, Answer.Like);
        belief.Learn(5, Answer.Dislike);
        belief.Learn(9, Answer.Unknown);
        double[,] prior = Invert(Covariance(users));
        double[] mean = [.. Enumerable.Range(0, 3).Select(f => Enumerable.Range(0, 50).Average(u => (double)users[u, f]))];
        double[,] precision = Plus(Plus(Plus(prior, items.Row(2), noise), items.Row(5), noise), items.Row(9), noise);
        double[] right = [.. Enumerable.Range(0, 3).Select(f => Enumerable.Range(0, 3).Sum(g => prior[f, g] * mean[g]) + (items[2, f] / noise))];
        double[,] inverse = Invert(precision);
        var chances = new float[12];
        belief.Chances(chances);
        for (int j = 0; j < 12; j++)
        {
            double score = 0;
            for (int f = 0; f < 3; f++)
            {
                for (int g = 0; g < 3; g++)
                {
                    score += items[j, f] * inverse[f, g] * right[g];
                }
            }

            Assert.Equal(Math.Clamp(score, 0, 1), chances[j], 1e-4);
        }
    }

    [Fact]
    public void Information_of_histories_is_the_variance_that_conditioning_takes_away()
    {
        var histories = Shop.Data.Interactions;
        int n = histories.Columns, m = histories.Rows;
        var c = new double[n, n];
        var mean = new double[n];
        for (int u = 0; u < m; u++)
        {
            foreach (int i in histories.Row(u))
            {
                mean[i] += 1.0 / m;
                foreach (int j in histories.Row(u))
                {
                    c[i, j] += 1.0 / m;
                }
            }
        }

        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++)
            {
                c[i, j] -= mean[i] * mean[j];
            }

            c[i, i] += 1.0 / m;
        }

        var belief = new HistoryTastes(histories).Begin();
        foreach (var (item, answer) in new[] { (-1, Answer.Like), (3, Answer.Like), (17, Answer.Unknown), (60, Answer.Like) })
        {
            if (item >= 0)
            {
                belief.Learn(item, answer);
                double surprise = (answer == Answer.Like ? 1 : 0) - mean[item];
                double own = c[item, item];
                double[] column = [.. Enumerable.Range(0, n).Select(i => c[i, item])];
                for (int i = 0; i < n; i++)
                {
                    mean[i] += column[i] * surprise / own;
                    for (int j = 0; j < n; j++)
                    {
                        c[i, j] -= column[i] * column[j] / own;
                    }
                }
            }

            var information = new float[n];
            var chances = new float[n];
            belief.Information(information);
            belief.Chances(chances);
            for (int j = 0; j < n; j++)
            {
                if (c[j, j] > 1e-9)
                {
                    double expected = Enumerable.Range(0, n).Sum(i => c[i, j] * c[i, j]) / c[j, j];
                    Assert.Equal(expected, information[j], 1e-5 * (1 + expected));
                }

                Assert.Equal(Math.Clamp(mean[j], 0, 1), chances[j], 1e-5);
            }
        }
    }

    [Theory]
    [InlineData("als")]
    [InlineData("ease")]
    public void An_item_is_asked_for_once_and_questions_asked_together_differ_from_the_best_ones_alone(string algorithm)
    {
        using var model = Train(algorithm);
        var interview = Interview.For(model);
        var together = new ScoredItem[10];
        Assert.Equal(10, interview.Choose([], ItemFilter.Default, together));
        Assert.Equal(10, together.Select(q => q.Item).Distinct().Count());
        Assert.All(together, q => Assert.True(q.Score > 0));

        var answered = new List<(int Item, Answer Answer)>();
        for (int q = 0; q < model.Items.Count; q++)
        {
            var one = new ScoredItem[1];
            Assert.Equal(1, interview.Choose([.. answered], ItemFilter.Default, one));
            Assert.DoesNotContain(one[0].Item, answered.Select(a => a.Item));
            answered.Add((one[0].Item, q % 3 == 0 ? Answer.Like : q % 3 == 1 ? Answer.Unknown : Answer.Dislike));
            if (q == 20)
            {
                break;
            }
        }

        answered = [.. Enumerable.Range(0, model.Items.Count).Select(i => (i, Answer.Unknown))];
        Assert.Equal(0, interview.Choose([.. answered], ItemFilter.Default, together));
    }

    [Theory]
    [InlineData("als")]
    [InlineData("ease")]
    public void An_answer_moves_the_questions_to_what_it_makes_likely(string algorithm)
    {
        using var model = Train(algorithm);
        var poetry = Enumerable.Range(0, model.Items.Count).Where(i => Shop.Items.First(s => s.Id == model.Items[i]).Genre == "Poetry").ToArray();
        var interview = Interview.For(model);
        int Asked(Answer answer)
        {
            (int, Answer)[] answered = [.. poetry.Take(3).Select(i => (i, answer))];
            var questions = new ScoredItem[15];
            interview.Choose(answered, ItemFilter.Default, questions);
            return questions.Count(q => poetry.Contains(q.Item));
        }

        Assert.True(Asked(Answer.Like) > Asked(Answer.Unknown), $"{Asked(Answer.Like)} and {Asked(Answer.Unknown)} questions about poetry");
    }

    [Fact]
    public void Filters_hold_for_questions()
    {
        using var model = Train("ease");
        var questions = new ScoredItem[5];
        var filter = new ItemFilter { Allowed = new ulong[] { 0b1111_0000 }, Exclude = new[] { 5 } };
        Assert.Equal(2, Interview.For(model).Choose([(7, Answer.Like)], filter, questions));
        Assert.Equal([4, 6], questions.Take(2).Select(q => q.Item).Order());
    }

    [Fact]
    public void Models_that_know_nobody_ask_without_an_error()
    {
        var none = new SparseMatrix(0, 2, [0], []);
        Assert.Equal(2, new Interview(new HistoryTastes(none)).Choose([], ItemFilter.Default, new ScoredItem[5]));
    }

    private static IRecommenderModel Train(string algorithm) => algorithm == "als"
        ? AlsTrainer.Train(Shop.Data, new AlsOptions { Factors = 8, Iterations = 8 })
        : EaseTrainer.Train(Shop.Data, new EaseOptions { Regularization = 50 });

    private static DenseMatrix Random(Random random, int rows, int columns)
    {
        var matrix = new DenseMatrix(rows, columns);
        for (int r = 0; r < rows; r++)
        {
            for (int c = 0; c < columns; c++)
            {
                matrix[r, c] = (float)(random.NextDouble() - 0.3);
            }
        }

        return matrix;
    }

    private static double[,] Covariance(DenseMatrix rows)
    {
        var covariance = new double[3, 3];
        for (int f = 0; f < 3; f++)
        {
            for (int g = 0; g < 3; g++)
            {
                double both = Enumerable.Range(0, rows.Rows).Average(u => (double)rows[u, f] * rows[u, g]);
                covariance[f, g] = both - (Enumerable.Range(0, rows.Rows).Average(u => (double)rows[u, f]) * Enumerable.Range(0, rows.Rows).Average(u => (double)rows[u, g]));
            }
        }

        return covariance;
    }

    private static double[,] Plus(double[,] precision, Span<float> q, double noise)
    {
        var sum = (double[,])precision.Clone();
        for (int f = 0; f < 3; f++)
        {
            for (int g = 0; g < 3; g++)
            {
                sum[f, g] += (double)q[f] * q[g] / noise;
            }
        }

        return sum;
    }

    private static double LogDeterminant(double[,] a) => Math.Log(MathNet.Numerics.LinearAlgebra.Matrix<double>.Build.DenseOfArray(a).Determinant());

    private static double[,] Invert(double[,] a) => MathNet.Numerics.LinearAlgebra.Matrix<double>.Build.DenseOfArray(a).Inverse().ToArray();
}
