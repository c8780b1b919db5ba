namespace Recsys.Engine.Slim;

/// <summary>Selection without sorting everything (Hoare's quickselect; the median of three as pivot).</summary>
internal static class SmallestFirst
{
    /// <summary>Moves the <paramref name="count"/> smallest of distinct keys to the front, in no particular order.</summary>
    public static void Partition(Span<ulong> keys, int count)
    {
        int low = 0;
        int high = keys.Length - 1;
        while (low < high)
        {
            ulong pivot = Median(keys[low], keys[low + ((high - low) / 2)], keys[high]);
            int i = low;
            int j = high;
            while (i <= j)
            {
                while (keys[i] < pivot)
                {
                    i++;
                }

                while (keys[j] > pivot)
                {
                    j--;
                }

                if (i <= j)
                {
                    (keys[i], keys[j]) = (keys[j], keys[i]);
                    i++;
                    j--;
                }
            }

            // Now all of [low, j] ≤ pivot ≤ all of [i, high]; the border is in one of them or between.
            if (count - 1 <= j)
            {
                high = j;
            }
            else if (count - 1 >= i)
            {
                low = i;
            }
            else
            {
                return;
            }
        }
    }

    private static ulong Median(ulong a, ulong b, ulong c) =>
        Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));
}
