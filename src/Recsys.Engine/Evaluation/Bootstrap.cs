using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Recsys.Engine.Compute;

namespace Recsys.Engine.Evaluation;

/// <summary>
/// The bootstrap over users (Efron and Tibshirani 1993): as many users as there are, drawn with replacement, many
/// times over. All columns share the drawn users. Resample s of a seed is the same whatever the number of threads.
/// </summary>
internal static class Bootstrap
{
    private const int Batch = 4;

    /// <summary>
    /// Percentile interval of the mean of each column over the users that have a value (are not NaN); null where none
    /// has.
    /// </summary>
    public static Interval?[] Means(double[][] columns, EvaluationOptions options, ComputePool pool, CancellationToken cancellationToken)
    {
        var resampled = Resample(columns, options.Resamples, options.Seed, pool, cancellationToken);
        var intervals = new Interval?[columns.Length];
        pool.Run(columns.Length, (_, c) => intervals[c] = Summarize(resampled[c], options.Confidence), cancellationToken);
        return intervals;
    }

    /// <summary>The mean of each column in each resample; NaN where a resample holds no user with a value.</summary>
    public static double[][] Resample(double[][] columns, int resamples, long seed, ComputePool pool, CancellationToken cancellationToken)
    {
        int users = columns.Length == 0 ? 0 : columns[0].Length;
        int padded = (users + Vector512<double>.Count - 1) / Vector512<double>.Count * Vector512<double>.Count;
        var prepared = Prepare(columns, padded);
        double[][] means = [.. columns.Select(_ => new double[resamples])];
        var scratch = new double[]?[pool.Threads];
        pool.Run(
            (resamples + Batch - 1) / Batch,
            (worker, batch) =>
            {
                var weights = scratch[worker] ??= new double[Batch * padded];
                int count = Math.Min(Batch, resamples - (batch * Batch));
                Draw(weights, users, padded, batch * Batch, count, seed);
                Span<double> sums = stackalloc double[Batch];
                Span<double> norms = stackalloc double[Batch];
                double[]? mask = null;
                for (int c = 0; c < prepared.Length; c++)
                {
                    Dot(weights, prepared[c].Values, sums);
                    if (prepared[c].Mask is null)
                    {
                        norms.Fill(users);
                    }
                    else if (!ReferenceEquals(mask, prepared[c].Mask))
                    {
                        Dot(weights, prepared[c].Mask!, norms);
                    }

                    mask = prepared[c].Mask;
                    for (int s = 0; s < count; s++)
                    {
                        means[c][(batch * Batch) + s] = sums[s] / norms[s];
                    }
                }
            },
            cancellationToken);
        return means;
    }

    /// <summary>The <paramref name="confidence"/> interval and standard deviation of resampled means; reorders them.</summary>
    public static Interval? Summarize(double[] means, double confidence)
    {
        double[] defined = [.. means.Where(m => !double.IsNaN(m)).Order()];
        if (defined.Length == 0)
        {
            return null;
        }

        double tail = (1 - confidence) / 2;
        double mean = defined.Average();
        double variance = defined.Sum(m => (m - mean) * (m - mean)) / Math.Max(1, defined.Length - 1);
        return new Interval(Quantile(defined, tail), Quantile(defined, 1 - tail), Math.Sqrt(variance));
    }

    /// <summary>The quantile of ascending values, by linear interpolation between the two nearest.</summary>
    public static double Quantile(ReadOnlySpan<double> sorted, double probability)
    {
        double at = probability * (sorted.Length - 1);
        int below = (int)at;
        int above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + ((at - below) * (sorted[above] - sorted[below]));
    }

    /// <summary>
    /// Columns with 0 for the users without a value, and for such columns a mask of 1s for those with one; columns with
    /// the same mask in a row share it.
    /// </summary>
    private static (double[] Values, double[]? Mask)[] Prepare(double[][] columns, int padded)
    {
        var prepared = new (double[] Values, double[]? Mask)[columns.Length];
        double[]? last = null;
        for (int c = 0; c < columns.Length; c++)
        {
            var values = new double[padded];
            columns[c].CopyTo(values, 0);
            if (!columns[c].Any(double.IsNaN))
            {
                prepared[c] = (values, null);
                continue;
            }

            var mask = new double[padded];
            for (int u = 0; u < columns[c].Length; u++)
            {
                mask[u] = double.IsNaN(values[u]) ? 0 : 1;
                values[u] = double.IsNaN(values[u]) ? 0 : values[u];
            }

            last = last is not null && last.AsSpan().SequenceEqual(mask) ? last : mask;
            prepared[c] = (values, last);
        }

        return prepared;
    }

    /// <summary>How often each user is drawn in each of <paramref name="count"/> resamples from <paramref name="first"/>.</summary>
    private static void Draw(double[] weights, int users, int padded, int first, int count, long seed)
    {
        Array.Clear(weights);
        for (int s = 0; s < count; s++)
        {
            var drawn = weights.AsSpan(s * padded, users);
            var random = SplitMix64.ForStream((ulong)seed, (ulong)(first + s));
            for (int u = 0; u < users; u++)
            {
                drawn[random.NextInt(users)]++;
            }
        }
    }

    /// <summary>Inner products of one column with the weights of a batch, in an order that is the same on every machine.</summary>
    private static void Dot(double[] weights, double[] values, Span<double> sums)
    {
        int length = values.Length;
        ref double w = ref MemoryMarshal.GetArrayDataReference(weights);
        ref double v = ref MemoryMarshal.GetArrayDataReference(values);
        var a = Vector512<double>.Zero;
        var b = Vector512<double>.Zero;
        var c = Vector512<double>.Zero;
        var d = Vector512<double>.Zero;
        for (int i = 0; i < length; i += Vector512<double>.Count)
        {
            var x = Vector512.LoadUnsafe(ref v, (nuint)i);
            a += x * Vector512.LoadUnsafe(ref w, (nuint)i);
            b += x * Vector512.LoadUnsafe(ref w, (nuint)(i + length));
            c += x * Vector512.LoadUnsafe(ref w, (nuint)(i + (2 * length)));
            d += x * Vector512.LoadUnsafe(ref w, (nuint)(i + (3 * length)));
        }

        sums[0] = Sum(a);
        sums[1] = Sum(b);
        sums[2] = Sum(c);
        sums[3] = Sum(d);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Sum(Vector512<double> x)
    {
        double sum = 0;
        for (int i = 0; i < Vector512<double>.Count; i++)
        {
            sum += x[i];
        }

        return sum;
    }
}
