using Recsys.Engine.Numerics;

namespace Recsys.Engine.Tests.Numerics;

public sealed unsafe class RecycledMemoryTests
{
    private const int Megabyte = 1 << 20;

    [Fact]
    public void A_block_is_handed_on_to_what_it_fits_the_closest_and_not_to_what_is_less_than_half_of_it()
    {
        var memory = new RecycledMemory(100 * Megabyte);
        void* small = Return(memory, 2 * Megabyte), large = Return(memory, 3 * Megabyte);
        Assert.Equal(5 * Megabyte, memory.KeptBytes);
        Assert.Equal((nint)large, Rent(memory, (2 * Megabyte) + 1, 3 * Megabyte));
        Assert.Equal((nint)small, Rent(memory, Megabyte, 2 * Megabyte));
        Assert.Equal(0, memory.KeptBytes);
        memory.Return(small, 2 * Megabyte);
        void* fresh = memory.Rent(Megabyte - 2, out nuint capacity);
        Assert.NotEqual((nint)small, (nint)fresh);
        Assert.Equal((nuint)Megabyte - 2, capacity);
        memory.Return(fresh, capacity);
        memory.Return(large, 3 * Megabyte);
        memory.Trim();
        Assert.Equal(0, memory.KeptBytes);
    }

    [Fact]
    public void The_last_to_come_is_the_first_to_go()
    {
        var memory = new RecycledMemory(100 * Megabyte);
        void* first = memory.Rent(Megabyte, out _), second = memory.Rent(Megabyte, out _);
        memory.Return(first, Megabyte);
        memory.Return(second, Megabyte);
        Assert.Equal((nint)second, Rent(memory, Megabyte, Megabyte));
        memory.Return(second, Megabyte);
        memory.Trim();
    }

    [Fact]
    public void No_more_is_kept_than_allowed_and_nothing_small()
    {
        var memory = new RecycledMemory(3 * Megabyte);
        void* first = memory.Rent(2 * Megabyte, out _), second = memory.Rent(2 * Megabyte, out _);
        memory.Return(first, 2 * Megabyte);
        memory.Return(second, 2 * Megabyte);
        Return(memory, RecycledMemory.LeastBytes - 1);
        Assert.Equal(2 * Megabyte, memory.KeptBytes);
        memory.Trim();
    }

    [Theory]
    [InlineData(300, 200)]
    [InlineData(300, 208)]
    public void A_recycled_matrix_has_zero_padding_whatever_was_there(int rows, int columns)
    {
        using (var before = DenseMatrix.Recycled(rows, 208))
        {
            before.Buffer.AsSpan().Fill(float.NaN);
        }

        using var matrix = DenseMatrix.Recycled(rows, columns);
        Assert.Equal(0, (nint)matrix.Pointer % NativeBuffer<float>.Alignment);
        for (int r = 0; r < rows; r++)
        {
            matrix.Row(r).Fill(1);
        }

        double sum = 0;
        foreach (float value in matrix.Buffer.AsSpan())
        {
            sum += value;
        }

        Assert.Equal(rows * columns, sum);
    }

    private static void* Return(RecycledMemory memory, int bytes)
    {
        void* block = memory.Rent((nuint)bytes, out nuint capacity);
        memory.Return(block, capacity);
        return block;
    }

    private static nint Rent(RecycledMemory memory, int bytes, int expected)
    {
        void* block = memory.Rent((nuint)bytes, out nuint capacity);
        Assert.Equal((nuint)expected, capacity);
        return (nint)block;
    }
}
