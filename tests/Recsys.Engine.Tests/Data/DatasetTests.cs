using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Serving;

namespace Recsys.Engine.Tests.Data;

public sealed class DatasetTests
{
    [Fact]
    public void Weights_that_are_all_1_are_left_out_and_others_stay()
    {
        var ones = Of([1, 1, 1]).WithoutUnitWeights();
        Assert.False(ones.Interactions.HasValues);
        Assert.Equal([0, 1, 1], ones.Interactions.AllColumns.ToArray());
        Assert.Equal("clicks", ones.Name);
        Assert.Same(ones, ones.WithoutUnitWeights());
        var others = Of([1, 2, 1]);
        Assert.Same(others, others.WithoutUnitWeights());
    }

    [Fact]
    public void Likes_are_the_pairs_above_0()
    {
        var likes = Of([1, -1, 3]).Likes();
        Assert.Equal([0L, 1, 2], likes.Interactions.Offsets.ToArray());
        Assert.Equal([0, 1], likes.Interactions.AllColumns.ToArray());
        Assert.Equal([1f, 3], likes.Interactions.AllValues.ToArray());
    }

    [Fact]
    public void Histories_of_events_are_trained_with_dislikes_only_where_these_are_learned_from()
    {
        var histories = Of([1, -1, 1]);
        Assert.Same(histories, TrainingHistories.For(Algorithms.Get("als"), histories));
        var ease = TrainingHistories.For(Algorithms.Get("ease"), histories).Interactions;
        Assert.Equal([0, 1], ease.AllColumns.ToArray());
        Assert.False(ease.HasValues);
        Assert.Throws<RecsysException>(() => TrainingHistories.For(Algorithms.Get("ease"), Of([-1, -1, -1])));
    }

    private static Dataset Of(float[] weights) =>
        new(IdTable.Sequential(2), IdTable.Sequential(2), new SparseMatrix(2, 2, [0, 2, 3], [0, 1, 1], weights)) { Name = "clicks" };
}
