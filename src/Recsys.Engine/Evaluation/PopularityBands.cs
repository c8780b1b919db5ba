using Recsys.Engine.Data;

namespace Recsys.Engine.Evaluation;

/// <summary>
/// Popularity of each item in training and its band. Items are sorted by their number of training interactions, most
/// first, equal ones in item order; an item belongs to the third in which the interactions <i>before</i> it end:
/// head while less than a third of all precede it, mid while less than two thirds do, tail else. Items without
/// interactions are tail.
/// </summary>
public sealed class PopularityBands
{
    /// <summary>Number of bands.</summary>
    public const int Count = 3;

    private readonly int[] _popularity;
    private readonly byte[] _bands;
    private readonly int[] _items = new int[Count];
    private readonly long[] _interactions = new long[Count];

    private PopularityBands(int[] popularity)
    {
        _popularity = popularity;
        _bands = new byte[popularity.Length];
        var order = new int[popularity.Length];
        var keys = new long[popularity.Length];
        for (int i = 0; i < order.Length; i++)
        {
            Total += popularity[i];
            order[i] = i;
            keys[i] = ((long)(int.MaxValue - popularity[i]) << 32) | (uint)i;
        }

        Array.Sort(keys, order);
        long before = 0;
        foreach (int item in order)
        {
            int band = Total == 0 ? Count - 1 : (int)Math.Min(Count - 1, Count * before / Total);
            _bands[item] = (byte)band;
            _items[band]++;
            _interactions[band] += popularity[item];
            before += popularity[item];
        }
    }

    /// <summary>Training interactions in all.</summary>
    public long Total { get; }

    /// <summary>Bands of the columns of <paramref name="histories"/>; elements with a weight above 0 count.</summary>
    public static PopularityBands Of(SparseMatrix histories)
    {
        var popularity = new int[histories.Columns];
        var columns = histories.AllColumns;
        var values = histories.AllValues;
        for (int e = 0; e < columns.Length; e++)
        {
            if (values.IsEmpty || values[e] > 0)
            {
                popularity[columns[e]]++;
            }
        }

        return new PopularityBands(popularity);
    }

    /// <summary>The band of an item.</summary>
    public PopularityBand BandOf(int item) => (PopularityBand)_bands[item];

    /// <summary>Training interactions of an item.</summary>
    public int Popularity(int item) => _popularity[item];

    /// <summary>Number of items in a band.</summary>
    public int Items(PopularityBand band) => _items[(int)band];

    /// <summary>Training interactions of a band's items.</summary>
    public long Interactions(PopularityBand band) => _interactions[(int)band];
}
