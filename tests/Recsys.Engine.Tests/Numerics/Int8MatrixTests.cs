using Recsys.Engine.Numerics;

namespace Recsys.Engine.Tests.Numerics;

public sealed class Int8MatrixTests
{
    [Fact]
    public void Elements_are_rounded_to_the_nearest_of_255_steps_up_to_the_largest_of_their_64()
    {
        using var matrix = new DenseMatrix(1, 67);
        matrix.Row(0)[0] = -127;
        matrix.Row(0)[1] = 63.4f;
        matrix.Row(0)[63] = 0.5f;
        matrix.Row(0)[64] = 2;
        matrix.Row(0)[66] = -1;
        using var bytes = new Int8Matrix(matrix);
        Assert.True(bytes.IsFinite);
        Assert.Equal([1f, 2 / 127f], bytes.Scales.Row(0));
        Assert.Equal([-127, 63, 0, 0], [bytes.Element(0, 0), bytes.Element(0, 1), bytes.Element(0, 2), bytes.Element(0, 63)]);
        Assert.Equal([127, 0, -64], [bytes.Element(0, 64), bytes.Element(0, 65), bytes.Element(0, 66)]);
        Assert.Equal(2 * 68, Int8Matrix.EstimateBytes(1, 67));
    }

    [Theory]
    [InlineData(1, 1f)]
    [InlineData(64, 1e-3f)]
    [InlineData(1000, 1e30f)]
    [InlineData(1000, 1e-28f)]
    [InlineData(1000, 1e-36f)]
    [InlineData(65, float.Epsilon * 100)]
    public void No_element_is_further_off_than_half_a_step(int columns, float size)
    {
        var random = new Random(columns);
        using var matrix = new DenseMatrix(20, columns);
        for (int row = 0; row < matrix.Rows; row++)
        {
            foreach (ref float element in matrix.Row(row))
            {
                element = (float)(size * (random.NextDouble() - 0.5) * Math.Pow(random.NextDouble(), 3));
            }
        }

        using var bytes = new Int8Matrix(matrix);
        for (int row = 0; row < matrix.Rows; row++)
        {
            for (int c = 0; c < columns; c++)
            {
                double scale = bytes.Scales[row, c / Int8Matrix.Group];
                double bound = scale * (0.5 + Math.Pow(2, -16));
                Assert.InRange((scale * bytes.Element(row, c)) - matrix[row, c], -bound, bound);
            }
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    public void What_is_not_finite_is_told(float value)
    {
        using var matrix = new DenseMatrix(2, 100);
        matrix.Row(1)[70] = value;
        using var bytes = new Int8Matrix(matrix);
        Assert.False(bytes.IsFinite);
    }
}
