using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Tuning;
using static Recsys.Engine.Tests.Tuning.TuningTestData;

namespace Recsys.Engine.Tests.Tuning;

public sealed class TuningDataTests
{
    private static readonly Dataset Small = new(
        IdTable.FromStrings(["u", "v", "w"]),
        IdTable.FromStrings(["a", "b", "c", "d"]),
        new SparseMatrix(3, 4, [0, 2, 4, 7], [0, 3, 0, 1, 0, 1, 3]));

    [Fact]
    public void The_most_popular_items_keep_their_order_and_the_held_out_part_stays()
    {
        var data = new TuningData(Small, null, Small).MostPopular(2);
        Assert.Equal(2, data.Train.Items.Count);
        Assert.Equal("a", data.Train.Items[0]);
        Assert.Equal("b", data.Train.Items[1]);
        Assert.Equal([0, 1, 3, 5], data.Train.Interactions.Offsets.ToArray());
        Assert.Equal([0, 0, 1, 0, 1], data.Train.Interactions.AllColumns.ToArray());
        Assert.Same(Small, data.HeldOut);
        Assert.Equal(4, new TuningData(Small, null, Small).MostPopular(4).Train.Items.Count);
    }

    [Fact]
    public void A_sample_of_users_depends_on_the_seed_and_their_ids_alone()
    {
        var all = new TuningData(Small, null, Small);
        Assert.Same(all, all.Sample(3, 1));
        var users = Enumerable.Range(0, 20).Select(s => Chosen(all.Sample(1, (ulong)s))).ToList();
        Assert.All(users, u => Assert.Single(u));
        Assert.True(users.Select(u => u[0]).Distinct().Count() > 1);
        Assert.Equal(Chosen(all.Sample(2, 5)), Chosen(all.Sample(2, 5)));
    }

    [Fact]
    public void Everything_together_has_each_pair_once()
    {
        foreach (var data in new[] { Weak, Strong })
        {
            long expected = data.Train.Interactions.Count + data.HeldOut.Interactions.Count + (data.FoldIn?.Interactions.Count ?? 0);
            Assert.Equal(expected, data.All().Interactions.Count);
            Assert.False(data.All().Interactions.HasValues);
        }
    }

    [Fact]
    public void A_split_that_would_hold_nothing_out_is_refused() =>
        Assert.Throws<InvalidOptionException>(() => TuningData.Split(Small, strong: false, 0.1, 1));

    [Fact]
    public void Trials_on_popular_items_count_the_others_as_missed()
    {
        var most = Weak.MostPopular(40);
        using var model = Algorithms.Get("popularity").Train(most.Train, OptionBag.Empty);
        var result = Engine.Evaluation.Evaluator.Evaluate(
            model, most.Task(), new Engine.Evaluation.EvaluationOptions { Resamples = 0, UnknownAsMisses = true });
        Assert.Equal(Weak.HeldOut.Interactions.Count, result.HeldOut);
        Assert.True(result.HeldOutUnknown > 0);
    }

    private static string[] Chosen(TuningData data) =>
        [.. Enumerable.Range(0, 3).Where(u => data.HeldOut.Interactions.RowLength(u) > 0).Select(u => data.HeldOut.Users[u])];
}
