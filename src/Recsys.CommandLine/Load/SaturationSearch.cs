namespace Recsys.Cli.Load;

/// <summary>
/// The largest rate in the open loop that is sustained: answers keep up with what is asked for, and latency does not grow. Callers that
/// wait (the closed loop) come in step with the answers and reach more than an arrival process may.
/// </summary>
/// <param name="measure">Measures a rate.</param>
/// <param name="mostP99">Milliseconds at the 99th percentile from which a rate is not sustained: the answers queue.</param>
internal sealed class SaturationSearch(Func<double, Task<LoadResult>> measure, double mostP99)
{
    /// <summary>Share of what is asked for that has to be answered by the end.</summary>
    public const double LeastShare = 0.97;

    /// <summary>How near the found rate is to one that is not sustained.</summary>
    public const double Precision = 1.06;

    private const double LeastRate = 1;

    /// <summary>Told each rate that was measured, and whether it was sustained.</summary>
    public Action<double, LoadResult, bool>? Measured { get; init; }

    /// <summary>
    /// Doubles the rate until it is not sustained, then halves the distance (of the logarithms). A rate counts as not sustained when that
    /// was found twice. Returns the largest one that was, with what was measured then; rate 0 where none was.
    /// </summary>
    public async Task<(double Rate, LoadResult? Result)> FindAsync(double first, CancellationToken cancellationToken)
    {
        (double Rate, LoadResult? Result) best = (0, null);
        double above = double.PositiveInfinity;
        double rate = first;
        while (rate >= LeastRate && (best.Rate == 0 || above / best.Rate > Precision))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (await TryAsync(rate).ConfigureAwait(false) is { } result)
            {
                best = (rate, result);
            }
            else
            {
                above = rate;
            }

            rate = double.IsInfinity(above) ? rate * 2 : best.Rate == 0 ? above / 2 : Math.Sqrt(above * best.Rate);
        }

        return best;
    }

    private async Task<LoadResult?> TryAsync(double rate)
    {
        for (int attempt = 0; attempt < 2; attempt++)
        {
            var result = await measure(rate).ConfigureAwait(false);
            bool sustained = result.Failed == 0 && result.Sustained >= LeastShare * rate && result.Latency.Quantile(0.99) <= mostP99 * 1000;
            Measured?.Invoke(rate, result, sustained);
            if (sustained)
            {
                return result;
            }
        }

        return null;
    }
}
