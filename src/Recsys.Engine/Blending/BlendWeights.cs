namespace Recsys.Engine.Blending;

/// <summary>
/// Weights of a blend's members by band of users. Band b holds the users whose histories have at least
/// <c>Starts[b]</c> and fewer than <c>Starts[b + 1]</c> items.
/// </summary>
public sealed class BlendWeights
{
    private readonly int[] _starts;
    private readonly float[][] _weights;

    /// <summary>Weights of the members for each band.</summary>
    /// <param name="starts">Items of a history from which on each band counts: strictly ascending, the first 0.</param>
    /// <param name="weights">By band, then member; finite.</param>
    /// <exception cref="RecsysException">They are not such weights.</exception>
    public BlendWeights(int[] starts, float[][] weights)
    {
        ArgumentNullException.ThrowIfNull(starts);
        ArgumentNullException.ThrowIfNull(weights);
        bool fits = starts.Length > 0 && starts.Length == weights.Length && starts[0] == 0 && weights[0].Length > 0
            && weights.All(w => w.Length == weights[0].Length && w.All(float.IsFinite))
            && starts.Zip(starts.Skip(1)).All(p => p.First < p.Second);
        if (!fits)
        {
            throw new RecsysException("blend: weights need ascending bands from 0 and as many finite weights in each as there are members");
        }

        _starts = starts;
        _weights = weights;
    }

    /// <summary>Number of bands.</summary>
    public int Bands => _starts.Length;

    /// <summary>Number of members.</summary>
    public int Members => _weights[0].Length;

    /// <summary>Items of a history from which on each band counts.</summary>
    public ReadOnlySpan<int> Starts => _starts;

    /// <summary>The same weights for every user.</summary>
    public static BlendWeights Of(params float[] weights) => new([0], [weights]);

    /// <summary>The members' weights in a band.</summary>
    public ReadOnlySpan<float> Of(int band) => _weights[band];

    /// <summary>The band of a user with so many items in the history.</summary>
    public int BandOf(int historyLength)
    {
        int band = _starts.Length - 1;
        while (_starts[band] > historyLength)
        {
            band--;
        }

        return band;
    }

    /// <summary>A band's histories for people: "0–19 items", "20 items and more".</summary>
    public string Describe(int band) =>
        band == Bands - 1 ? $"{_starts[band]} items and more" : $"{_starts[band]}–{_starts[band + 1] - 1} items";
}
