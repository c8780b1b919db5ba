using System.Runtime.InteropServices;
using Recsys.Engine.Ease;

namespace Recsys.Engine.Tests.Ease.Distributed;

internal static class SameBits
{
    public static void Assert(EaseModel expected, EaseModel actual)
    {
        var (a, b) = (expected.Weights.Dense!, actual.Weights.Dense!);
        Xunit.Assert.Equal(a.Rows, b.Rows);
        for (int i = 0; i < a.Rows; i++)
        {
            Xunit.Assert.True(Bits(a.Row(i)).SequenceEqual(Bits(b.Row(i))), $"row {i} differs");
        }

        Xunit.Assert.Equal(expected.Weights.InverseDiagonal, actual.Weights.InverseDiagonal);
    }

    private static ReadOnlySpan<int> Bits(ReadOnlySpan<float> values) => MemoryMarshal.Cast<float, int>(values);
}
