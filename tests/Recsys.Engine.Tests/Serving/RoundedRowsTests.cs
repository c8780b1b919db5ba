using System.Runtime.InteropServices;
using Recsys.Engine.Ease;
using Recsys.Engine.Models;
using Recsys.Engine.Numerics;
using Recsys.Engine.Serving;
using Recsys.Engine.Tests.Als;

namespace Recsys.Engine.Tests.Serving;

public sealed class RoundedRowsTests
{
    private static SimdLevel[] Levels => Enum.GetValues<SimdLevel>();

    [Theory]
    [InlineData(1, 1)]
    [InlineData(70, 3)]
    [InlineData(1000, 12)]
    [InlineData(20_000, 40)]
    [InlineData(33_000, 7)]
    public void The_best_are_those_of_the_matrix_bit_for_bit_under_every_filter_and_at_every_width(int columns, int history)
    {
        var random = new Random(columns);
        using var matrix = Weights(60, columns, random);
        using var rounded = new RoundedRows(matrix);
        int[] rows = [.. Enumerable.Range(0, 60).OrderBy(_ => random.Next()).Take(history).Order()];
        float[] weights = [.. rows.Select(_ => (float)((random.NextDouble() * 4) - 1))];
        ulong[] words = new ulong[(columns + 63) / 64];
        random.NextBytes(MemoryMarshal.AsBytes(words.AsSpan()));
        int[] exclude = [.. Enumerable.Range(0, columns).Where(_ => random.Next(5) == 0)];
        int asked = 0, certain = 0;
        foreach (var filter in new[] { ItemFilter.Default, new ItemFilter { KeepSeen = true }, new ItemFilter { Allowed = words, Exclude = exclude } })
        {
            foreach (float[] given in new[] { [], weights })
            {
                foreach (int n in new[] { 1, 20, 100 })
                {
                    var expected = new ScoredItem[n];
                    int count = RowSumScorer.Top(matrix, rows, given, filter, expected);
                    foreach (var level in Levels)
                    {
                        var results = new ScoredItem[n];
                        asked++;
                        if (rounded.TryTop(rows, given, filter, results, out int found, level))
                        {
                            certain++;
                            Assert.Equal(expected[..count], results[..found]);
                        }
                    }
                }
            }
        }

        // A hundred of a thousand are too near to each other.
        Assert.InRange(certain, columns < 10_000 ? asked / 2 : asked * 9 / 10, asked);
    }

    [Fact]
    public void Items_that_rounding_cannot_tell_apart_are_not_certain_or_right()
    {
        const int Columns = 500;
        foreach (float step in new[] { 0f, 1e-7f, 1e-5f, 1e-4f, 1e-3f, 1e-2f })
        {
            using var matrix = new DenseMatrix(3, Columns);
            var random = new Random(2);
            for (int c = 0; c < Columns; c++)
            {
                for (int r = 0; r < 3; r++)
                {
                    matrix.Row(r)[c] = 1 + (step * random.Next(Columns));
                }
            }

            using var rounded = new RoundedRows(matrix);
            var expected = new ScoredItem[20];
            RowSumScorer.Top(matrix, [0, 1, 2], [], ItemFilter.Default, expected);
            var results = new ScoredItem[20];
            bool certain = rounded.TryTop([0, 1, 2], [], ItemFilter.Default, results, out _);
            Assert.True(certain ? expected.SequenceEqual(results) : step < 1e-2f, $"step {step}");
        }
    }

    [Fact]
    public void Where_fewer_are_eligible_than_there_is_room_for_all_come_and_none_of_an_empty_history_is_certain()
    {
        using var matrix = Weights(60, 3000, new Random(5));
        using var rounded = new RoundedRows(matrix);
        ulong[] words = new ulong[47];
        words[20] = 0b1011;
        var results = new ScoredItem[20];
        var expected = new ScoredItem[20];
        Assert.True(rounded.TryTop([1, 2], [], new ItemFilter { Allowed = words }, results, out int found));
        Assert.Equal(3, RowSumScorer.Top(matrix, [1, 2], [], new ItemFilter { Allowed = words }, expected));
        Assert.Equal(expected[..3], results[..found]);
        Assert.False(rounded.TryTop([], [], ItemFilter.Default, results, out _));
        Assert.True(rounded.TryTop([1], [], ItemFilter.Default, [], out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => rounded.TryTop([60], [], ItemFilter.Default, results, out _));
    }

    [Fact]
    public void A_matrix_with_an_element_that_is_no_number_is_certain_of_nothing()
    {
        using var matrix = Weights(60, 3000, new Random(5));
        matrix.Row(3)[2000] = float.NaN;
        using var rounded = new RoundedRows(matrix);
        Assert.False(rounded.TryTop([1, 2], [], ItemFilter.Default, new ScoredItem[20], out _));
    }

    [Fact]
    public void A_prepared_model_answers_as_it_did()
    {
        var data = AlsTestData.Create(400, 150, 3);
        using var model = EaseTrainer.Train(data, new EaseOptions { Regularization = 10 });
        var before = Answers(model);
        model.Prepare(new ServingOptions { Storage = FactorStorage.BFloat16 });
        Assert.Equal(before, Answers(model));
    }

    [Theory]
    [InlineData(9_999, null, false)]
    [InlineData(10_000, null, true)]
    [InlineData(100, FactorStorage.Int8, true)]
    [InlineData(20_000, FactorStorage.Float32, false)]
    [InlineData(2_000_000, null, false)]
    public void Rows_are_rounded_for_large_catalogues_that_leave_room(int items, FactorStorage? storage, bool rounds) =>
        Assert.Equal(rounds, new ServingOptions { Storage = storage }.RoundsRows(items, items));

    // Weights as EASE has them: most of them small, a few that count.
    private static DenseMatrix Weights(int rows, int columns, Random random)
    {
        var matrix = new DenseMatrix(rows, columns);
        for (int r = 0; r < rows; r++)
        {
            foreach (ref float weight in matrix.Row(r))
            {
                weight = (float)(((random.NextDouble() - 0.4) / 100) + (random.Next(200) == 0 ? random.NextDouble() / 2 : 0));
            }
        }

        return matrix;
    }

    private static List<ScoredItem> Answers(EaseModel model)
    {
        var all = new List<ScoredItem>();
        var results = new ScoredItem[10];
        for (int u = 0; u < model.Users.Count; u++)
        {
            all.AddRange(results[..model.Recommend(model.GetUser(u), ItemFilter.Default, results)]);
        }

        return all;
    }
}
