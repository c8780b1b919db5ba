using FsCheck;
using FsCheck.Fluent;
using Recsys.Engine.Data;

namespace Recsys.Engine.Tests.Data;

public sealed class MatrixBuilderTests
{
    [Theory]
    [InlineData(DuplicatePolicy.Sum, "a x 6|b x 2|b y 1")]
    [InlineData(DuplicatePolicy.Last, "a x 1|b x 2|b y 1")]
    [InlineData(DuplicatePolicy.Max, "a x 3|b x 2|b y 1")]
    public void Pairs_that_stand_more_than_once_are_merged(DuplicatePolicy duplicates, string expected)
    {
        var data = TestText.Log("a x 2|b y 1|a x 3|b x 2|a x 1").ToDataset(duplicates, false, out long merged);
        Assert.Equal(expected, TestText.Show(data));
        Assert.Equal(2, merged);
    }

    [Fact]
    public void The_last_is_the_latest_where_there_are_times_and_among_equals_the_one_that_stands_last()
    {
        Assert.Equal("a x 2", TestText.Show(TestText.Log("a x 2 @9|a x 3 @1|a x 1 @5").ToDataset(DuplicatePolicy.Last)));
        Assert.Equal("a x 1", TestText.Show(TestText.Log("a x 2 @9|a x 3 @1|a x 1 @9").ToDataset(DuplicatePolicy.Last)));
    }

    [Fact]
    public void Events_without_weights_add_up_to_counts_or_stay_single()
    {
        var log = TestText.Log("a x|b x|a x|a y");
        Assert.Equal("a x 2|a y 1|b x 1", TestText.Show(log.ToDataset()));
        Assert.Equal("a x 1|a y 1|b x 1", TestText.Show(log.ToDataset(DuplicatePolicy.Max)));
        Assert.False(log.ToDataset(DuplicatePolicy.Sum, binary: true, out long merged).Interactions.HasValues);
        Assert.Equal(1, merged);
    }

    [Fact]
    public void A_pair_whose_weights_add_up_to_zero_is_left_out() =>
        Assert.Equal("b x 1", TestText.Show(TestText.Log("a x 2|b x 1|a x -2").ToDataset()));

    [Fact]
    public void A_sum_that_is_no_number_is_an_error()
    {
        var error = Assert.Throws<RecsysException>(() => TestText.Log("a x 3e38|a x 3e38").ToDataset());
        Assert.Equal("the weights of user 'a' and item 'x' add up to 6E+38, too much for a number", error.Message);
    }

    [Fact]
    public void Matrices_and_merged_logs_are_those_of_a_dictionary()
    {
        var interaction = Gen.Choose(0, 8).SelectMany(u => Gen.Choose(0, 6).SelectMany(i =>
            Gen.Choose(-2, 3).SelectMany(w => Gen.Choose(0, 4).Select(t => (User: u, Item: i, Weight: w == 0 ? 1f : w, Time: (long)t)))));
        var input = interaction.ListOf().SelectMany(rows => Gen.Elements(true, false).SelectMany(weights =>
            Gen.Elements(true, false).SelectMany(times => Gen.Elements(Enum.GetValues<DuplicatePolicy>()).Select(p => (rows, weights, times, p)))));
        Check.QuickThrowOnFailure(Prop.ForAll(Arb.From(input), sample =>
        {
            var (rows, weights, times, policy) = sample;
            var log = new InteractionLog(
                IdTable.Sequential(9),
                IdTable.Sequential(7),
                [.. rows.Select(r => r.User)],
                [.. rows.Select(r => r.Item)],
                weights ? [.. rows.Select(r => r.Weight)] : null,
                times ? [.. rows.Select(r => r.Time)] : null);
            var expected = rows.Select((r, place) => (r.User, r.Item, Weight: weights ? r.Weight : 1, Time: times ? r.Time : place, Place: place))
                .GroupBy(r => (r.User, r.Item))
                .Select(g => (g.Key, First: g.OrderBy(r => r.Time).ThenBy(r => r.Place).First(), Weight: policy switch
                {
                    DuplicatePolicy.Sum => g.Sum(r => r.Weight),
                    DuplicatePolicy.Max => g.Max(r => r.Weight),
                    _ => g.OrderBy(r => r.Time).ThenBy(r => r.Place).Last().Weight,
                }))
                .ToList();
            long repeated = rows.Count - expected.Count;
            expected.RemoveAll(e => e.Weight == 0);

            var matrix = log.ToDataset(policy, binary: false, out long merged).Interactions;
            Assert.Equal(repeated, merged);
            Assert.Equal(expected.OrderBy(e => e.Key).Select(e => (e.Key.User, e.Key.Item, e.Weight)), Elements(matrix));
            Assert.Equal(expected.Any(e => e.Weight != 1), matrix.HasValues);
            Assert.Equal(Elements(matrix).OrderBy(e => (e.Item, e.User)), Elements(matrix.Transpose()).Select(e => (e.Item, e.User, e.Weight)));

            var single = log.Merge(policy, out merged);
            Assert.Equal(repeated, merged);
            Assert.Equal(
                expected.OrderBy(e => e.First.Place).Select(e => (e.Key.User, e.Key.Item, e.Weight, times ? e.First.Time : 0)),
                Enumerable.Range(0, single.Count).Select(e => (
                    single.Users[e], single.Items[e], single.HasWeights ? single.Weights[e] : 1, times ? single.Times[e] : 0)));
        }));
    }

    [Fact]
    public void Columns_that_do_not_agree_are_refused()
    {
        var one = IdTable.Sequential(1);
        Assert.Throws<RecsysException>(() => new InteractionLog(one, one, [0], []));
        Assert.Throws<RecsysException>(() => new InteractionLog(one, one, [0], [0], [1, 2]));
        Assert.Throws<RecsysException>(() => new InteractionLog(one, one, [0], [0], null, [1, 2]));
        var error = Assert.Throws<RecsysException>(() => new InteractionLog(one, one, [0], [1]));
        Assert.Equal("interactions: item 1 is outside the table of 1 items", error.Message);
        error = Assert.Throws<RecsysException>(() => new InteractionLog(one, one, [-1], [0]));
        Assert.Equal("interactions: user -1 is outside the table of 1 users", error.Message);
        error = Assert.Throws<RecsysException>(() => new InteractionLog(one, one, [0], [0], [float.NaN]));
        Assert.Equal("interactions: weight 0 is NaN", error.Message);
    }

    private static IEnumerable<(int User, int Item, float Weight)> Elements(SparseMatrix matrix) => Enumerable.Range(0, matrix.Rows)
        .SelectMany(r => matrix.Row(r).ToArray().Select((c, e) => (r, c, matrix.HasValues ? matrix.RowValues(r)[e] : 1f)));
}
