using Recsys.Engine.Data;

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

    private static Dataset Of(float[] weights) =>
        new(IdTable.Sequential(2), IdTable.Sequential(2), new SparseMatrix(2, 2, [0, 2, 3], [0, 1, 1], weights)) { Name = "clicks" };
}
