using Recsys.Engine.Compute;

namespace Recsys.Engine.Tuning;

/// <summary>
/// Which points a search tries next, wave by wave. Everything follows from the seed and the values measured before. The
/// first wave is the defaults, each with one choice changed, and a Latin hypercube; later ones are for two thirds near the best so far, nearer every time.
/// A single span is walked on a grid that is refined around its best point.
/// </summary>
internal sealed class SearchPlan(SearchSpace space, int trials, ulong seed)
{
    private const int WaveSize = 12;
    private const int Parents = 4;
    private const int GridSize = 5;
    private const double FinestStep = 1.0 / 40;
    private const double Flat = 0.002;
    private const double FirstSpread = 0.15;
    private const double Narrowing = 0.7;

    private readonly List<(double[] Point, double Value)> _measured = [];
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);
    private SplitMix64 _random = new(seed);
    private int _wave;
    private double _step = 1.0 / (GridSize - 1);

    /// <summary>Whether all is one span: then points may be compared along it.</summary>
    private bool IsLine => space.Count == 1 && space.Range(0).IsSpan;

    /// <summary>What a point reached.</summary>
    public void Tell(double[] point, double value)
    {
        if (!double.IsNaN(value))
        {
            _measured.Add((point, value));
        }
    }

    /// <summary>The points of the next wave; none when the search is over.</summary>
    public IReadOnlyList<double[]> Next()
    {
        int left = trials - _asked.Count;
        if (left <= 0)
        {
            return [];
        }

        var wave = space.Count == 0 ? First(1) : IsLine ? NextOnLine(left) : _wave == 0 ? First(Math.Min(left, WaveSize)) : Later(Math.Min(left, WaveSize));
        _wave++;
        return wave;
    }

    private List<double[]> First(int size)
    {
        var points = new List<double[]>();
        Ask(points, space.Start);
        if (space.Count == 0)
        {
            return points;
        }

        // The defaults serve well: what changes when just one choice is another is worth knowing first.
        for (int d = 0; d < space.Count; d++)
        {
            int choices = space.Range(d).Choices.Count;
            for (int c = 0; c < choices && points.Count <= size / 2; c++)
            {
                var point = (double[])space.Start.Clone();
                point[d] = (c + 0.5) / choices;
                Ask(points, point);
            }
        }

        // Every dimension is cut into as many strata as there are points left, and each stratum used once.
        int strata = size - points.Count;
        int[][] order = [.. Enumerable.Range(0, space.Count).Select(_ => Shuffled(strata))];
        for (int p = 0; p < strata; p++)
        {
            var point = new double[space.Count];
            for (int d = 0; d < point.Length; d++)
            {
                point[d] = (order[d][p] + _random.NextDouble()) / strata;
            }

            Ask(points, point);
        }

        return points;
    }

    private List<double[]> Later(int size)
    {
        var points = new List<double[]>();
        var best = _measured.OrderByDescending(m => m.Value).Take(Parents).ToList();
        double spread = FirstSpread * Math.Pow(Narrowing, _wave - 1);
        for (int attempt = 0; points.Count < size && attempt < 20 * size; attempt++)
        {
            bool near = best.Count > 0 && attempt % 3 != 2;
            Ask(points, near ? Near(best[Math.Min(_random.NextInt(best.Count), _random.NextInt(best.Count))].Point, spread) : Anywhere());
        }

        return points;
    }

    private List<double[]> NextOnLine(int left)
    {
        var points = new List<double[]>();
        if (_wave == 0)
        {
            Ask(points, space.Start);
            for (int g = 0; g < GridSize && points.Count < left; g++)
            {
                Ask(points, [g / (GridSize - 1.0)]);
            }

            return points;
        }

        // Where the last steps changed next to nothing, smaller ones are noise.
        double best = _measured.Select(m => m.Value).DefaultIfEmpty(double.NaN).Max();
        bool flat = _wave > 1 && _measured.Count >= 2 && _measured.TakeLast(2).All(m => m.Value >= best * (1 - Flat));
        while (points.Count == 0 && !flat && _step > FinestStep && _measured.Count > 0)
        {
            _step /= 2;
            double middle = _measured.MaxBy(m => m.Value).Point[0];
            foreach (double place in new[] { middle - _step, middle + _step })
            {
                if (place is >= 0 and <= 1 && points.Count < left)
                {
                    Ask(points, [place]);
                }
            }
        }

        return points;
    }

    private double[] Anywhere()
    {
        var point = new double[space.Count];
        for (int d = 0; d < point.Length; d++)
        {
            point[d] = _random.NextDouble();
        }

        return point;
    }

    private double[] Near(double[] parent, double spread)
    {
        var point = (double[])parent.Clone();
        for (int d = 0; d < point.Length; d++)
        {
            if (space.Range(d).IsSpan)
            {
                point[d] = Reflect(point[d] + (spread * _random.NextGaussian()));
            }
            else if (_random.NextInt(4) == 0)
            {
                point[d] = Reflect(point[d] + ((_random.NextInt(2) == 0 ? -1.0 : 1.0) / space.Range(d).Choices.Count));
            }
        }

        return point;
    }

    private static double Reflect(double place)
    {
        place = Math.Abs(place);
        return Math.Clamp(place > 1 ? 2 - place : place, 0, 1);
    }

    private void Ask(List<double[]> points, double[] point)
    {
        if (_asked.Add(Trial.KeyOf("", space.At(point).Values, null)))
        {
            points.Add(point);
        }
    }

    private int[] Shuffled(int count)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        for (int i = count - 1; i > 0; i--)
        {
            int j = _random.NextInt(i + 1);
            (order[i], order[j]) = (order[j], order[i]);
        }

        return order;
    }
}
