namespace Recsys.Engine.Online;

/// <summary>
/// Popularity in which every click's share halves with each half-life, by forward decay (Cormode et al. 2009): a click at
/// time t weighs 2^((t − L)/H), with L a fixed landmark, so that nothing has to be touched as time passes. One writer;
/// readers need its lock.
/// </summary>
internal sealed class DecayedPopularity(TimeSpan halfLife)
{
    // Beyond this the landmark is moved: doubles reach to 2^1023.
    private const double MaxExponent = 500;

    private readonly double _halfLife = halfLife.TotalMilliseconds;
    private double[] _masses = new double[16];

    /// <summary>Landmark in Unix milliseconds; null before the first click.</summary>
    public long? Landmark { get; private set; }

    public int Items { get; private set; }

    /// <summary>Mass of each item; only their ratios mean something.</summary>
    public ReadOnlySpan<double> Masses => _masses.AsSpan(0, Items);

    public void Restore(long? landmark, double[] masses)
    {
        Landmark = landmark;
        _masses = masses.Length == 0 ? new double[16] : masses;
        Items = masses.Length;
    }

    /// <summary>
    /// The mass of a click of this weight; <paramref name="rescale"/> is other than 1 when all masses, also those kept
    /// elsewhere, are to be multiplied by it first (here it is done).
    /// </summary>
    public double MassOf(long time, float weight, out double rescale)
    {
        rescale = 1;
        Landmark ??= time;
        double exponent = (time - Landmark.Value) / _halfLife;
        if (exponent > MaxExponent)
        {
            rescale = double.Exp2(-exponent);
            Landmark = time;
            exponent = 0;
            foreach (ref double mass in _masses.AsSpan())
            {
                mass *= rescale;
            }
        }

        return weight * double.Exp2(exponent);
    }

    public void Add(int item, double mass)
    {
        Grow(item + 1);
        _masses[item] = Math.Max(0, _masses[item] + mass);
    }

    public void Grow(int items)
    {
        if (items > _masses.Length)
        {
            Array.Resize(ref _masses, Math.Max(items, _masses.Length * 2));
        }

        Items = Math.Max(Items, items);
    }

    /// <summary>Each item's share of all mass, the first <paramref name="scores"/>.Length items.</summary>
    public void Score(Span<float> scores)
    {
        double total = 0;
        for (int i = 0; i < Items; i++)
        {
            total += _masses[i];
        }

        double scale = total > 0 ? 1 / total : 0;
        for (int i = 0; i < scores.Length; i++)
        {
            scores[i] = i < Items ? (float)(_masses[i] * scale) : 0;
        }
    }
}
